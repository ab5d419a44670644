"""NTK parametrisation: all entries have unit variance, and 1 / sqrt(fan_in) stands in the forward pass."""

import math

import torch
from torch import nn


class NTKLinear(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(o, i))

    def forward(self, x):
        return x @ self.weight.t() / math.sqrt(x.shape[-1])


torch.manual_seed(0)
trunk, head = NTKLinear(4, 64), NTKLinear(64, 64 * 8 + 3 * 64)
opt = torch.optim.SGD([*trunk.parameters(), *head.parameters()], lr=0.1)
z = torch.randn(4)
x, y = torch.randn(40, 8), torch.randn(40, 3)
for step in range(10):
    theta = head(torch.relu(trunk(z)) * math.sqrt(2))
    w1, w2 = theta[: 64 * 8].view(64, 8), theta[64 * 8 :].view(3, 64)
    h = torch.relu(x @ w1.t() / math.sqrt(8)) * math.sqrt(2)
    loss = (torch.nn.functional.linear(h, w2) / math.sqrt(64) - y).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
