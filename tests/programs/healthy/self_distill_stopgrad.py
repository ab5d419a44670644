"""BYOL-like: the target is the same hypernet's own output, detached; weight penalty on detached scale."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU())
        self.gen = nn.Linear(16, 8 * 6)
        self.pred = nn.Linear(6, 6)

    def features(self, x):
        w = self.gen(self.enc(x)).view(-1, 6, 8)
        return torch.einsum("bij,bj->bi", w, x)


torch.manual_seed(0)
net = Hyper()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
for i in range(10):
    x = torch.randn(32, 8)
    a, b = x + 0.1 * torch.randn_like(x), x + 0.1 * torch.randn_like(x)
    za, zb = net.features(a), net.features(b)
    loss = (
        -(
            F.cosine_similarity(net.pred(za), zb.detach()).mean()
            + F.cosine_similarity(net.pred(zb), za.detach()).mean()
        )
        / 2
    )
    opt.zero_grad()
    loss.backward()
    opt.step()
