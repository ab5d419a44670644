"""Unnormalised data (1e3), sum reduction, gradients of very different sizes between head bias and trunk, small lr."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
hyper = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 5 + 1))
with torch.no_grad():
    hyper[-1].weight.mul_(1e-3)
    hyper[-1].bias.mul_(1e-3)
opt = torch.optim.SGD(hyper.parameters(), lr=1e-12)
for i in range(10):
    c = torch.rand(2)
    x = torch.rand(32, 5) * 1e3
    y = x.sum(1) * c[0]
    p = hyper(c)
    loss = F.mse_loss(x @ p[:5] + p[5], y, reduction="sum")
    opt.zero_grad()
    loss.backward()
    opt.step()
