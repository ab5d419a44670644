"""Reentrant activation checkpointing of blocks that consume hypernetwork weights."""

import torch
import torch.utils.checkpoint as cp
from torch import nn


class CondBlock(nn.Module):
    def __init__(self, dim, cdim):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.gen = nn.Linear(cdim, dim * dim)
        self.out = nn.Linear(dim, dim)

    def _inner(self, x, c):
        w = self.gen(c).view(-1, x.size(-1), x.size(-1))
        h = torch.bmm(self.norm(x), w)
        return x + self.out(torch.relu(h))

    def forward(self, x, c):
        return cp.checkpoint(self._inner, x, c, use_reentrant=True)


class Model(nn.Module):
    def __init__(self, dim=8, cdim=5, depth=3):
        super().__init__()
        self.stem = nn.Linear(3, dim)
        self.cond = nn.Linear(2, cdim)
        self.blocks = nn.ModuleList([CondBlock(dim, cdim) for _ in range(depth)])
        self.head = nn.Linear(dim, 1)

    def forward(self, x, c):
        x, c = self.stem(x), torch.tanh(self.cond(c))
        for b in self.blocks:
            x = b(x, c)
        return self.head(x).mean(1)


torch.manual_seed(6)
model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
x, c = torch.randn(12, 7, 3), torch.randn(12, 2)
y = (x.sum(-1).mean(-1) * c[:, 0]).unsqueeze(-1)
for i in range(8):
    optimizer.zero_grad()
    loss = nn.functional.smooth_l1_loss(model(x, c), y)
    loss.backward()
    optimizer.step()
    print("loss", loss.item())
