"""Curriculum: tasks and heads come into use one after another; unused ones have no gradient for the first steps."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class CH(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.ParameterList(nn.Parameter(torch.randn(4)) for _ in range(3))
        self.trunk = nn.Sequential(nn.Linear(4, 16), nn.ReLU())
        self.heads = nn.ModuleList(nn.Linear(16, c * 5) for c in (2, 3, 4))

    def forward(self, t):
        return self.heads[t](self.trunk(self.e[t])).view(-1, 5)


torch.manual_seed(0)
net = CH()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for step in range(18):
    stage = step // 6
    t = int(torch.randint(0, stage + 1, ()))
    x, y = torch.randn(16, 5), torch.randint(0, t + 2, (16,))
    loss = F.cross_entropy(F.linear(x, net(t)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
