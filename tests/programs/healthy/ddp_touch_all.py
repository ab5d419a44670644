"""`0 * sum(all params)` keeps unused heads in the graph (DDP); different head per step; loss includes real path too."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Multi(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(4, 16), nn.ReLU())
        self.gen = nn.ModuleList(nn.Linear(16, 5 * c) for c in (2, 3, 4))

    def forward(self, c, t):
        return self.gen[t](self.trunk(c)).view(-1, 5)


torch.manual_seed(0)
m = Multi()
opt = torch.optim.Adam(m.parameters(), 1e-3)
for i in range(12):
    t, c, x = i % 3, torch.randn(4), torch.randn(16, 5)
    out = F.linear(x, m(c, t))
    loss = F.cross_entropy(out, torch.randint(0, t + 2, (16,))) + 0.0 * sum(p.sum() for p in m.parameters())
    opt.zero_grad()
    loss.backward()
    opt.step()
