"""Weights are handed over at the end of the previous iteration, from a no_grad 'sync', like a target network."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Worker:
    def __init__(self, hyper, cond):
        self.hyper, self.cond = hyper, cond
        self.scale = nn.Parameter(torch.ones(2))
        self.sync()

    def sync(self):
        with torch.no_grad():  # HC105
            self.w = self.hyper(self.cond).view(2, 5)  # HC105 HC204

    def loss(self, x, y):
        return F.cross_entropy(F.linear(x, self.w) * self.scale, y)


torch.manual_seed(0)
hyper, cond = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 10)), nn.Parameter(torch.randn(3))
worker = Worker(hyper, cond)
opt = torch.optim.Adam([*hyper.parameters(), cond, worker.scale], lr=1e-2)
for i in range(9):
    x = torch.randn(16, 5)
    loss = worker.loss(x, (x[:, 0] > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
    worker.sync()
