"""Generated weights masked (lottery/dropconnect), sampled sub-networks (SMASH-like one-shot), sandwich rule: max & min width."""

import random

import torch
import torch.nn as nn
import torch.nn.functional as F


class SuperHyper(nn.Module):
    def __init__(self, i=6, hmax=16, o=3):
        super().__init__()
        self.i, self.hmax, self.o = i, hmax, o
        self.arch = nn.Linear(1, 8)
        self.w1, self.w2 = nn.Linear(8, hmax * i), nn.Linear(8, o * hmax)

    def forward(self, width):
        a = torch.tanh(self.arch(torch.tensor([width / self.hmax])))
        w1 = self.w1(a).view(self.hmax, self.i)[:width]
        w2 = self.w2(a).view(self.o, self.hmax)[:, :width]
        return w1, w2


torch.manual_seed(0)
random.seed(0)
hyper = SuperHyper()
opt = torch.optim.SGD(hyper.parameters(), lr=0.05, momentum=0.9)
for step in range(10):
    x, y = torch.randn(32, 6), torch.randint(0, 3, (32,))
    opt.zero_grad()
    for width in (4, 16, random.randint(5, 15)):
        w1, w2 = hyper(width)
        mask = (torch.rand_like(w1) > 0.2).float()
        out = F.linear(F.dropout(F.relu(F.linear(x, w1 * mask)), 0.1), w2)
        F.cross_entropy(out, y).backward()
    opt.step()
