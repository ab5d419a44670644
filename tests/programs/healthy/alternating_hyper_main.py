"""Alternates: hypernet phase, main-net phase, each with its own optimizer; the frozen half is detached."""

import itertools

import torch
import torch.nn as nn
import torch.nn.functional as F


class Main(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(6, 10), nn.Linear(10, 2)

    def forward(self, x, delta):
        h = F.relu(F.linear(x, self.fc1.weight + delta, self.fc1.bias))
        return self.fc2(h)


torch.manual_seed(0)
main, hyper = Main(), nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 60))
nn.init.normal_(hyper[-1].weight, std=1e-2)
nn.init.zeros_(hyper[-1].bias)
opt_m, opt_h = torch.optim.SGD(main.parameters(), 0.05), torch.optim.Adam(hyper.parameters(), 1e-3)
phases = itertools.cycle(["main", "main", "hyper"])
for it, phase in zip(range(15), phases):
    c, x = torch.randn(3), torch.randn(16, 6)
    y = (x[:, 0] > c[0]).long()
    delta = hyper(c).view(10, 6)
    if phase == "main":
        loss = F.cross_entropy(main(x, delta.detach()), y)
        opt_m.zero_grad()
        loss.backward()
        opt_m.step()
    else:
        loss = F.cross_entropy(main(x, delta), y)
        opt_h.zero_grad()
        loss.backward()
        opt_h.step()
