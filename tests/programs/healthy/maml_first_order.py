"""FOMAML: query gradients of the adapted clone are applied to the meta-parameters."""

import copy

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(3)
meta = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3))
opt = torch.optim.Adam(meta.parameters(), lr=2e-3)
proj = [torch.randn(4, 3) for _ in range(5)]


def episode(task, n=12):
    x = torch.randn(n, 4)
    return x, (x @ proj[task]).argmax(1)


for step in range(8):
    opt.zero_grad()
    for p in meta.parameters():
        p.grad = torch.zeros_like(p)
    losses = []
    for t in torch.randint(5, (3,)).tolist():
        learner = copy.deepcopy(meta)
        inner = torch.optim.SGD(learner.parameters(), lr=0.1)
        for _ in range(2):
            x, y = episode(t)
            inner.zero_grad()
            F.cross_entropy(learner(x), y).backward()
            inner.step()
        x, y = episode(t)
        loss = F.cross_entropy(learner(x), y)
        grads = torch.autograd.grad(loss, learner.parameters())
        for p, g in zip(meta.parameters(), grads):
            p.grad += g / 3
        losses.append(loss.item())
    opt.step()
    print(step, sum(losses) / 3)
