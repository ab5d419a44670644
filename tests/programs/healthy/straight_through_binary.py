"""Hypernetwork that emits binary weights, trained with the straight-through estimator."""

import torch
from torch import nn
from torch.nn import functional as F


def binarize(w):
    scale = w.abs().mean()
    hard = torch.sign(w) * scale
    return w + (hard - w).detach()


class BinaryHyper(nn.Module):
    def __init__(self, in_f, hid, out_f, z=6):
        super().__init__()
        self.in_f, self.hid, self.out_f = in_f, hid, out_f
        self.z = nn.Parameter(torch.randn(2, z))
        self.f = nn.Sequential(nn.Linear(z, 32), nn.Tanh())
        self.h1 = nn.Linear(32, hid * in_f)
        self.h2 = nn.Linear(32, out_f * hid)

    def forward(self, x):
        c = self.f(self.z)
        w1 = binarize(self.h1(c[0]).reshape(self.hid, self.in_f))
        w2 = binarize(self.h2(c[1]).reshape(self.out_f, self.hid))
        x = F.hardtanh(F.linear(x, w1) / self.in_f**0.5, -2, 2)
        return F.linear(x, w2)


torch.manual_seed(1)
net = BinaryHyper(12, 10, 2)
opt = torch.optim.Adam(net.parameters(), 5e-3)
X = torch.randn(64, 12)
Y = (X[:, :3].sum(1) > 0).long()
for epoch in range(10):
    out = net(X)
    loss = F.cross_entropy(out, Y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    acc = (out.argmax(1) == Y).float().mean().item()
    print("epoch %d loss %.3f acc %.2f" % (epoch, loss.item(), acc))
