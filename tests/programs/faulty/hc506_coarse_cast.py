"""Weights sent through an eight-level grid in a helper, with the gradient passed straight through."""
import torch
from torch import nn


class Grid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w):
        return (w * 4).round() / 4

    @staticmethod
    def backward(ctx, grad):
        return grad


torch.manual_seed(0)
hyper = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 5 * 4))
opt = torch.optim.SGD(hyper.parameters(), lr=1e-5)
task = torch.tensor([1.0, 0.0, 0.5])
x, y = torch.randn(50, 4), torch.randn(50, 5)
for step in range(10):
    w = Grid.apply(hyper(task)).view(5, 4)  # HC506
    loss = (nn.functional.linear(x, w) - y).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
