"""Hyperfan-in init by .data at the start, and projection of parameters after each step."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperMLP(nn.Module):
    def __init__(self, dims=(6, 12, 3), e=4, hid=16):
        super().__init__()
        self.dims = dims
        self.emb = nn.Parameter(torch.randn(e))
        self.trunk = nn.Linear(e, hid)
        self.w = nn.ModuleList(nn.Linear(hid, i * o) for i, o in zip(dims, dims[1:]))
        self.b = nn.ParameterList(nn.Parameter(torch.zeros(o)) for o in dims[1:])
        self.apply_init()

    @torch.no_grad()
    def apply_init(self):
        h = F.relu(self.trunk(self.emb))
        for lin, fan in zip(self.w, self.dims):
            lin.weight.data.normal_(0, math.sqrt(2 / (fan * h.pow(2).sum())))
            lin.bias.data = torch.zeros_like(lin.bias)

    def forward(self, x):
        h = F.relu(self.trunk(self.emb))
        for k, (lin, b) in enumerate(zip(self.w, self.b)):
            x = F.linear(x, lin(h).view(self.dims[k + 1], self.dims[k]), b)
            x = F.relu(x) if k == 0 else x
        return x


torch.manual_seed(0)
net = HyperMLP()
opt = torch.optim.SGD(net.parameters(), lr=1e-2, momentum=0.9, weight_decay=1e-4)
x, y = torch.randn(64, 6), torch.randint(0, 3, (64,))
for epoch in range(3):
    perm = torch.randperm(64)
    for idx in perm.split(16):
        loss = F.cross_entropy(net(x[idx]), y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        with torch.no_grad():
            net.emb.div_(net.emb.norm().clamp_min(1.0))
            for lin in net.w:
                lin.weight.data.clamp_(-2, 2)
