"""Codes live in a plain dataclass, which nn.Module does not look into."""
from dataclasses import dataclass, field

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class LatentStore:
    n: int
    dim: int
    scale: nn.Parameter = field(init=False)
    codes: nn.Parameter = field(init=False)

    def __post_init__(self):
        self.scale = nn.Parameter(torch.ones(self.dim))  # HC303 HC301
        self.codes = nn.Parameter(torch.randn(self.n, self.dim))  # HC303 HC301

    def __getitem__(self, k):
        return self.codes[k] * self.scale


class ShapeModel(nn.Module):
    def __init__(self, n=5, dim=6, hidden=12):
        super().__init__()
        self.latents = LatentStore(n, dim)  # HC303 HC301
        self.h = hidden
        self.gen = nn.Sequential(nn.Linear(dim, 32), nn.ReLU(), nn.Linear(32, 4 * hidden + 1))

    def forward(self, k, xy):
        t = self.gen(self.latents[k])
        h = self.h
        z = torch.relu(F.linear(xy, t[: 2 * h].view(h, 2), t[2 * h:3 * h]))
        return F.linear(z, t[3 * h:4 * h].view(1, h), t[4 * h:]).squeeze(-1)


torch.manual_seed(0)
model = ShapeModel()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
for step in range(20):
    k = step % 5
    xy = torch.rand(64, 2) * 2 - 1
    sdf = xy.norm(dim=1) - 0.2 * (k + 1)
    loss = F.l1_loss(model(k, xy), sdf)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 5 == 0:
        print(step, f"{loss.item():.4f}")
