"""Spectral norm by power iteration under no_grad on generated weights; u, v buffers updated in place."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class SNHyper(nn.Module):
    def __init__(self, c=3, i=6, o=4):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(c, 16), nn.Tanh(), nn.Linear(16, i * o))
        self.register_buffer("u", F.normalize(torch.randn(o), dim=0))
        self.i, self.o = i, o

    def forward(self, c):
        w = self.f(c).view(self.o, self.i)
        with torch.no_grad():
            for _ in range(2):
                v = F.normalize(w.t() @ self.u, dim=0)
                self.u.copy_(F.normalize(w @ v, dim=0))
        sigma = torch.dot(self.u.clone(), w @ v)
        return w / sigma


torch.manual_seed(0)
hyper, head = SNHyper(), nn.Linear(4, 2)
opt = torch.optim.Adam([*hyper.parameters(), *head.parameters()], lr=1e-3)
for i in range(8):
    c, x = torch.randn(3), torch.randn(16, 6)
    loss = F.cross_entropy(head(F.relu(F.linear(x, hyper(c)))), (x[:, 0] > c[0]).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
