import torch
import torch.nn as nn
import torch.nn.functional as F


def ste_round(x):
    return x + (torch.round(x) - x).detach()


def quantise(w, bits=3):
    s = w.detach().abs().amax() / (2 ** (bits - 1) - 1) + 1e-8
    return ste_round((w / s).clamp(-4, 4)) * s


class BinaryGate(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return (x > 0).float()

    @staticmethod
    def backward(ctx, g):
        return g.clamp(-1, 1)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.task = nn.Parameter(torch.randn(3, 6))
        self.w = nn.Linear(6, 10 * 5)
        self.m = nn.Linear(6, 10)
        self.head = nn.Linear(10, 2)

    def forward(self, x, t):
        e = self.task[t]
        w = quantise(self.w(e).view(10, 5))
        mask = BinaryGate.apply(self.m(e))
        return self.head(F.relu(F.linear(x, w)) * mask)


torch.manual_seed(0)
m = Model()
opt = torch.optim.SGD(m.parameters(), lr=0.1, momentum=0.9)
for i in range(9):
    x = torch.randn(16, 5)
    loss = F.cross_entropy(m(x, i % 3), torch.randint(0, 2, (16,)))
    opt.zero_grad()
    loss.backward()
    opt.step()
