"""Encoder weight generated, decoder uses its transpose (weight used twice), layer norm on generated rows, last surplus."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Chunked(nn.Module):
    def __init__(self, total, chunk=16, e=5):
        super().__init__()
        self.total = total
        n = (total + chunk - 1) // chunk
        self.c = nn.Parameter(torch.randn(n, e))
        self.g = nn.Sequential(nn.Linear(e, 16), nn.Tanh(), nn.Linear(16, chunk))

    def forward(self):
        return self.g(self.c).flatten()[: self.total]


class AE(nn.Module):
    def __init__(self, d=9, h=5):
        super().__init__()
        self.d, self.h = d, h
        self.hyper = Chunked(d * h + h + d)

    def forward(self, x):
        w, b1, b2 = self.hyper().tensor_split([self.d * self.h, self.d * self.h + self.h])
        w = F.normalize(w.unflatten(0, (self.h, self.d)), dim=1)
        return F.linear(torch.tanh(F.linear(x, w, b1)), w.t(), b2)


torch.manual_seed(0)
ae = AE()
opt = torch.optim.NAdam(ae.parameters(), lr=2e-3)
for _ in range(8):
    x = torch.randn(30, 4) @ torch.randn(4, 9)
    loss = F.smooth_l1_loss(ae(x), x)
    opt.zero_grad()
    loss.backward()
    opt.step()
