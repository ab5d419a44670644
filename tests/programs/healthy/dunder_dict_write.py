"""Target layers without parameters; the generated tensors are put into __dict__."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class EmptyLinear(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.i, self.o = i, o
        self.__dict__["weight"] = None
        self.__dict__["bias"] = None

    @property
    def n(self):
        return self.i * self.o + self.o

    def install(self, v):
        self.__dict__["weight"] = v[: self.i * self.o].view(self.o, self.i)
        self.__dict__["bias"] = v[self.i * self.o :]

    def forward(self, x):
        return F.linear(x, self.weight, self.bias)


class Target(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([EmptyLinear(7, 9), EmptyLinear(9, 2)])
        self.norm = nn.LayerNorm(9)

    def forward(self, x):
        return self.layers[1](F.relu(self.norm(self.layers[0](x))))


torch.manual_seed(1)
target = Target()
hyper = nn.ModuleList(nn.Linear(6, l.n) for l in target.layers)
z = nn.Parameter(torch.randn(6))
opt = torch.optim.AdamW([z, *hyper.parameters(), *target.parameters()], lr=5e-3)
x = torch.randn(50, 7)
y = (x.abs().sum(1) > 5.5).long()
for i in range(8):
    for l, h in zip(target.layers, hyper):
        l.install(h(z))
    loss = F.cross_entropy(target(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(i, loss.item())
