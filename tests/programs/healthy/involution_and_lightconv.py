"""Involution (per-position kernels) followed by dynamic lightweight convolution over the sequence."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Involution1d(nn.Module):
    def __init__(self, c, k=3, groups=2, r=2):
        super().__init__()
        self.c, self.k, self.g = c, k, groups
        self.reduce, self.span = nn.Conv1d(c, c // r, 1), nn.Conv1d(c // r, k * groups, 1)

    def forward(self, x):
        B, C, T = x.shape
        w = self.span(F.silu(self.reduce(x))).view(B, self.g, 1, self.k, T)
        u = F.pad(x, (self.k // 2, self.k // 2)).unfold(2, self.k, 1).permute(0, 1, 3, 2)
        return (w * u.reshape(B, self.g, C // self.g, self.k, T)).sum(3).view(B, C, T)


class DynamicConv(nn.Module):
    def __init__(self, c, k=3, heads=2):
        super().__init__()
        self.k, self.h = k, heads
        self.weight_linear = nn.Linear(c, heads * k, bias=False)
        self.out = nn.Linear(c, c)

    def forward(self, x):
        B, T, C = x.shape
        w = self.weight_linear(x).view(B, T, self.h, self.k).softmax(-1)
        xs = F.pad(x, (0, 0, self.k - 1, 0)).unfold(1, self.k, 1).view(B, T, self.h, C // self.h, self.k)
        return self.out(torch.einsum("bthk,bthck->bthc", w, xs).reshape(B, T, C))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(10, 8)
        self.inv, self.dyn = Involution1d(8), DynamicConv(8)
        self.ln, self.cls = nn.LayerNorm(8), nn.Linear(8, 10)

    def forward(self, ids):
        x = self.emb(ids)
        x = x + self.inv(x.transpose(1, 2)).transpose(1, 2)
        return self.cls(self.ln(x + self.dyn(x)))


torch.manual_seed(0)
model = Model()
opt = torch.optim.Adam(model.parameters(), 5e-3)
for i in range(8):
    ids = torch.randint(0, 10, (12, 9))
    logits = model(ids)
    loss = F.cross_entropy(logits.flatten(0, 1), (ids + 1).flatten() % 10)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("iter", i, "loss", loss.item())
