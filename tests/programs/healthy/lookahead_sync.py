"""Lookahead optimizer: the fast weights are pulled back half way to the slow ones each k steps; projections after steps."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Lookahead:
    def __init__(self, base, k=3, alpha=0.5):
        self.base, self.k, self.alpha, self.n = base, k, alpha, 0
        self.slow = [[p.detach().clone() for p in g["params"]] for g in base.param_groups]

    def zero_grad(self):
        self.base.zero_grad()

    @torch.no_grad()
    def step(self):
        self.base.step()
        self.n += 1
        if self.n % self.k == 0:
            for g, slow in zip(self.base.param_groups, self.slow):
                for p, s in zip(g["params"], slow):
                    s.add_(p - s, alpha=self.alpha)
                    p.copy_(s)


torch.manual_seed(0)
hyper, z = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 12)), nn.Embedding(3, 4)
opt = Lookahead(torch.optim.Adam([*hyper.parameters(), *z.parameters()], 1e-2))
for i in range(12):
    x, y = torch.randn(16, 4), torch.randint(0, 3, (16,))
    loss = F.cross_entropy(F.linear(x, hyper(z.weight[i % 3]).view(3, 4)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
