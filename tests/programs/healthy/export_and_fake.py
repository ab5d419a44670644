"""Shapes are checked under FakeTensorMode after each epoch, and the network is exported by torch.export."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch._subclasses.fake_tensor import FakeTensorMode


class Hyper(nn.Module):
    """Task code -> weights of a two-layer network."""

    def __init__(self, tasks=3, code=4, n_in=5, hid=8, out=3):
        super().__init__()
        self.dims = (n_in, hid, out)
        self.emb = nn.Embedding(tasks, code)
        self.body = nn.Sequential(nn.Linear(code, 16), nn.Tanh())
        self.w1, self.w2 = nn.Linear(16, hid * n_in), nn.Linear(16, out * hid)
        self.b1, self.b2 = nn.Linear(16, hid), nn.Linear(16, out)
        for w in (self.w1, self.w2):
            nn.init.normal_(w.weight, std=0.1)

    def forward(self, t):
        i, h, o = self.dims
        z = self.body(self.emb(t))
        return self.w1(z).view(h, i), self.b1(z), self.w2(z).view(o, h), self.b2(z)


def predict(x, w):
    return F.linear(F.relu(F.linear(x, w[0], w[1])), w[2], w[3])


class Whole(nn.Module):
    def __init__(self):
        super().__init__()
        self.hyper = Hyper()

    def forward(self, t, x):
        return predict(x, self.hyper(t))


def main():
    torch.manual_seed(0)
    net = Whole()
    opt = torch.optim.Adam(net.parameters(), lr=3e-3)
    rule = torch.randn(3, 5, 3)
    for epoch in range(2):
        for step in range(6):
            t = torch.tensor(step % 3)
            x = torch.randn(20, 5)
            loss = F.cross_entropy(net(t, x), (x @ rule[t]).argmax(1))
            opt.zero_grad()
            loss.backward()
            opt.step()
        with FakeTensorMode() as mode:
            fake = mode.from_tensor(torch.empty(7, 5))
            print(epoch, F.linear(fake, torch.empty(3, 5)).shape)
        exported = torch.export.export(net, (t, x))
        print(torch.equal(exported.module()(t, x), net(t, x)))


main()
