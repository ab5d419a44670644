"""Warm-up from lr 0 with AdamW, cosine to 0, then LBFGS polish of the hypernet's codes only."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(6)


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.codes = nn.Parameter(torch.randn(4, 3) * 0.3)
        self.net = nn.Sequential(nn.Linear(3, 24), nn.Tanh(), nn.Linear(24, 8 + 8 + 8 + 1))

    def forward(self):
        return self.net(self.codes).split([8, 8, 8, 1], dim=1)


def fields(x, theta):
    w1, b1, w2, b2 = theta
    h = torch.sin(3 * (x[None, :, None] * w1[:, None] + b1[:, None]))
    return (h * w2[:, None]).sum(-1) + b2


x = torch.linspace(-1, 1, 50)
Y = torch.stack([torch.sin((k + 1) * x) for k in range(4)])
hyper = Hyper()
opt = torch.optim.AdamW(hyper.parameters(), lr=5e-3, weight_decay=1e-4)
total, warm = 20, 4
factor = lambda s: s / warm if s < warm else 0.5 * (1 + math.cos(math.pi * (s - warm) / (total - 1 - warm)))
sched = torch.optim.lr_scheduler.LambdaLR(opt, factor)
for s in range(total):
    loss = F.mse_loss(fields(x, hyper()), Y)
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(hyper.parameters(), 1.0)
    opt.step()
    sched.step()
polish = torch.optim.LBFGS([hyper.codes], lr=0.5, max_iter=4)


def closure():
    polish.zero_grad()
    value = F.mse_loss(fields(x, hyper()), Y)
    value.backward()
    return value


for s in range(5):
    print("polish", s, f"{polish.step(closure).item():.5f}")
