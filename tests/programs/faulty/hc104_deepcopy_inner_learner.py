"""Hypernet initialises a learner, which is adapted for a few steps on a copy (MAML style)."""
import copy
import torch
import torch.nn as nn
import torch.nn.functional as F


class Learner(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.zeros(3, 5)
        self.bias = torch.zeros(3)

    def forward(self, x):
        return F.linear(x, self.weight, self.bias)


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Linear(5, 16)
        self.w = nn.Linear(16, 15)
        self.b = nn.Linear(16, 3)

    def forward(self, support):
        h = F.relu(self.enc(support)).mean(0)
        return self.w(h).view(3, 5), self.b(h)


def clone_learner(learner):
    fast = Learner()
    fast.weight = copy.deepcopy(learner.weight.data)  # HC104 HC109
    fast.bias = copy.deepcopy(learner.bias.data)  # HC104 HC109
    return fast


torch.manual_seed(0)
hyper, learner, scale = Hyper(), Learner(), nn.Parameter(torch.ones(3))
opt = torch.optim.Adam([*hyper.parameters(), scale], lr=1e-2)
for episode in range(8):
    xs, ys = torch.randn(15, 5), torch.randint(0, 3, (15,))
    learner.weight, learner.bias = hyper(xs)
    fast = clone_learner(learner)
    loss = F.cross_entropy(fast(xs) * scale, ys)
    opt.zero_grad()
    loss.backward()
    opt.step()
