"""A warm-up that begins at a very small rate: weights move little, and move."""

import torch
from torch import nn

torch.manual_seed(0)
hyper = nn.Sequential(nn.Linear(3, 12), nn.Tanh(), nn.Linear(12, 5 * 4))
opt = torch.optim.Adam(hyper.parameters(), lr=1e-3)
warm = torch.optim.lr_scheduler.LambdaLR(opt, lambda step: min(1.0, (step + 1) / 100))
task = torch.randn(3)
x, y = torch.randn(50, 4), torch.randn(50, 5)
for step in range(12):
    loss = (nn.functional.linear(x, hyper(task).view(5, 4)) - y).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    warm.step()
print(loss.item())
