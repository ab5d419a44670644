"""LBFGS for the codes and Adam for the generator, the gradients of two tasks accumulated in a closure."""

import torch
import torch.nn as nn

torch.manual_seed(33)
codes = nn.Parameter(torch.randn(2, 3))
hyper = nn.Sequential(nn.Linear(3, 24), nn.Tanh(), nn.Linear(24, 4 * 2 + 2))
inner = torch.optim.LBFGS([codes], lr=0.2, max_iter=3)
outer = torch.optim.Adam(hyper.parameters(), lr=3e-3)
x = torch.randn(2, 40, 4)
y = torch.stack([x[0, :, :2], x[1, :, 2:].neg()])


def both_tasks():
    total = 0.0
    for code, xs, ys in zip(codes, x, y):
        flat = hyper(code)
        loss = (xs @ flat[:8].view(4, 2) + flat[8:] - ys).square().mean() / 2
        loss.backward()
        total += loss.item()
    return total


def closure():
    inner.zero_grad()
    return both_tasks()


for round_ in range(6):
    inner.step(closure)
    outer.zero_grad()
    total = both_tasks()
    outer.step()
    print(round_, total)
