"""Gradual (un)freezing on purpose: embedding-only first, then the hypernet, then the hypernet is frozen for fine-tuning."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Sys(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(2, 4)
        self.hyper = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 12))
        self.head = nn.Linear(3, 2)

    def forward(self, x, t):
        return self.head(torch.tanh(F.linear(x, self.hyper(self.emb.weight[t]).view(3, 4))))


torch.manual_seed(0)
m = Sys()
phases = [("emb", 4), ("emb hyper head", 6), ("head", 4)]
for names, steps in phases:
    for n, p in m.named_parameters():
        p.requires_grad_(n.split(".")[0] in names.split())
    opt = torch.optim.Adam([p for p in m.parameters() if p.requires_grad], lr=1e-2)
    for s in range(steps):
        x = torch.randn(16, 4)
        loss = F.cross_entropy(m(x, s % 2), (x[:, 0] > 0).long())
        opt.zero_grad()
        loss.backward()
        opt.step()
