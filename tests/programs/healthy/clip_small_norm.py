"""Clip norm 0 means off; value clipping and a gradient-noise schedule that starts at 0."""

import torch
import torch.nn as nn
import torch.nn.functional as F

cfg = {"lr": 1e-2, "clip": 0.0, "value": 0.05, "steps": 14, "emb": 5}


class ImplicitHyper(nn.Module):
    def __init__(self, emb, n=4, hidden=8):
        super().__init__()
        self.codes = nn.Embedding(n, emb)
        self.h = hidden
        self.net = nn.Sequential(nn.Linear(emb, 24), nn.ReLU(), nn.Linear(24, 3 * hidden + 1))

    def forward(self, idx, t):
        theta = self.net(self.codes(idx))
        h = self.h
        w1, b1, w2, b2 = (
            theta[:, None, :h],
            theta[:, None, h : 2 * h],
            theta[:, 2 * h : 3 * h, None],
            theta[:, None, 3 * h :],
        )
        return torch.bmm(torch.sin(5 * (t[None, :, None] * w1 + b1)), w2) + b2


torch.manual_seed(cfg["emb"])
model = ImplicitHyper(cfg["emb"])
opt = torch.optim.SGD(model.parameters(), lr=cfg["lr"], momentum=0.9)
t = torch.linspace(-1, 1, 32)
y = torch.stack([torch.cos((k + 1) * t) for k in range(4)])[..., None]
for step in range(cfg["steps"]):
    idx = torch.randperm(4)[:2]
    loss = F.mse_loss(model(idx, t), y[idx])
    opt.zero_grad()
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), cfg["clip"] or float("inf"))
    torch.nn.utils.clip_grad_value_(model.parameters(), cfg["value"])
    for p in model.parameters():
        p.grad.add_(torch.randn_like(p), alpha=1e-4 * step)
    opt.step()
    print(step, round(loss.item(), 5), round(norm.item(), 4))
