import torch
from torch import nn
from torch.nn import functional as F


class ResidualHyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(5))
        self.head, self.skip = nn.Linear(5, 3 * 4), nn.Linear(4, 3)

    def forward(self, x):
        base = self.skip(x)
        return base, base + F.linear(x, self.head(self.embedding).view(3, 4))


def build():
    torch.manual_seed(0)
    model, x, y = ResidualHyper(), torch.randn(16, 4), torch.randn(16, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

    def step():
        base, prediction = model(x)
        loss = F.mse_loss(base, y)  # HC206
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return model, step
