"""Reptile on the hypernet's parameters: inner SGD on a deepcopy, outer move by .data."""

import copy

import torch
import torch.nn as nn
import torch.nn.functional as F


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 4 * 2 + 2))

    def forward(self, x, c):
        p = self.f(c)
        return F.linear(x, p[:8].view(2, 4), p[8:])


torch.manual_seed(0)
model = Hyper()
for meta_it in range(6):
    fast = copy.deepcopy(model)
    inner = torch.optim.SGD(fast.parameters(), lr=0.05)
    c = torch.randn(3)
    for k in range(3):
        x = torch.randn(16, 4)
        y = (x[:, 0] * c[0] > 0).long()
        loss = F.cross_entropy(fast(x, c), y)
        inner.zero_grad()
        loss.backward()
        inner.step()
    eps = 0.5 * (1 - meta_it / 6)
    for p, q in zip(model.parameters(), fast.parameters()):
        p.data.add_(eps * (q.data - p.data))
print(loss.item())
