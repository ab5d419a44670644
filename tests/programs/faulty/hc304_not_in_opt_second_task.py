"""Continual learning: the new task's embedding is made after the optimizer; add_param_group is forgotten."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class CLHyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.embs = nn.ParameterList([nn.Parameter(torch.randn(4))])
        self.f = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2 * 6))

    def add_task(self):
        self.embs.append(nn.Parameter(torch.randn(4)))  # HC304

    def forward(self, t):
        return self.f(self.embs[t]).view(2, 6)


torch.manual_seed(0)
hyper = CLHyper()
opt = torch.optim.Adam(hyper.parameters(), lr=1e-2)  # HC304 HC305
for task in range(3):
    if task:
        hyper.add_task()
    for it in range(6):
        x = torch.randn(20, 6)
        loss = F.cross_entropy(F.linear(x, hyper(task)), (x[:, task] > 0).long())
        opt.zero_grad()
        loss.backward()
        opt.step()
