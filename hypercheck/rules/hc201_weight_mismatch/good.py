import torch
from torch import nn


class HyperLinear(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(5))
        self.hyper = nn.Sequential(nn.Linear(5, 10), nn.Tanh(), nn.Linear(10, 3 * 4 + 3))

    def forward(self, x):
        theta = self.hyper(self.embedding)
        weight = theta[:12].view(3, 4)
        bias = theta[12:]
        return nn.functional.linear(x, weight, bias)


def build():
    torch.manual_seed(0)
    model, x, y = HyperLinear(), torch.randn(16, 4), torch.randn(16, 3)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

    def step():
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return model, step
