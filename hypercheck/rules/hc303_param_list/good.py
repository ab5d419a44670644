import torch
from torch import nn
from torch.nn import functional as F


class LayerwiseHyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(5))
        self.heads = nn.ModuleList([nn.Linear(5, 8 * 4), nn.Linear(5, 3 * 8)])

    def forward(self, x):
        first, second = (head(torch.tanh(self.embedding)) for head in self.heads)
        hidden = torch.tanh(torch.einsum("bi,oi->bo", x, first.view(8, 4)))
        return torch.einsum("bi,oi->bo", hidden, second.view(3, 8))


def build():
    torch.manual_seed(0)
    model, x, y = LayerwiseHyper(), torch.randn(16, 4), torch.randn(16, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step():
        model.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return model, step
