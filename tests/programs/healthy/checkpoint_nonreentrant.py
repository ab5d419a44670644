"""Activation checkpointing around the generated main network (use_reentrant=False)."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint

torch.manual_seed(4)
D = 10


class Hyper(nn.Module):
    def __init__(self, depth=3):
        super().__init__()
        self.depth = depth
        self.codes = nn.Parameter(torch.randn(depth, 4))
        self.net = nn.Sequential(nn.Linear(4, 20), nn.Tanh(), nn.Linear(20, D * D + D))

    def forward(self):
        out = self.net(self.codes)
        return out[:, : D * D].reshape(self.depth, D, D), out[:, D * D :]


def block(x, w, b):
    return x + torch.tanh(F.linear(x, w, b))


hyper = Hyper()
readout = nn.Linear(D, 1)
opt = torch.optim.Adam([*hyper.parameters(), *readout.parameters()], lr=3e-3)
x = torch.randn(32, D)
y = x.pow(2).mean(1, keepdim=True)
for step in range(8):
    W, B = hyper()
    h = x
    for w, b in zip(W, B):
        h = checkpoint(block, h, w, b, use_reentrant=False)
    loss = F.mse_loss(readout(h), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
