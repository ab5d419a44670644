import torch
from torch import nn
from torch.nn import functional as F


class HyperLinear(nn.Module):
    def __init__(self):
        super().__init__()
        self.code = nn.Parameter(torch.ones(5, dtype=torch.bfloat16))  # HC501
        self.head = nn.Linear(5, 3 * 4)

    def forward(self, x):
        return F.linear(x, self.head(self.code.float()).view(3, 4))


def build():
    torch.manual_seed(0)
    model = HyperLinear()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.0005)
    x, y = torch.randn(16, 4), torch.randn(16, 3)

    def step():
        loss = F.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return model, step
