"""Weights are generated once per optimizer step and used for several micro-batches (retain by accumulating on a leaf)."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
hyper = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3 * 6 + 3))
emb = nn.Embedding(3, 4)
opt = torch.optim.Adam([*hyper.parameters(), *emb.parameters()], lr=1e-3)
for step in range(8):
    theta = hyper(emb(torch.tensor(step % 3)))
    leaf = theta.detach().requires_grad_()
    for micro in range(4):
        x, y = torch.randn(8, 6), torch.randint(0, 3, (8,))
        (F.cross_entropy(F.linear(x, leaf[:18].view(3, 6), leaf[18:]), y) / 4).backward()
    opt.zero_grad()
    theta.backward(leaf.grad)
    opt.step()
