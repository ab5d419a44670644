"""Continuous normalizing flow whose layer weights are functions of time (regenerated at every evaluation)."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class TimeHyperLinear(nn.Module):
    def __init__(self, i, o, hid=8):
        super().__init__()
        self.i, self.o = i, o
        self.net = nn.Sequential(nn.Linear(1, hid), nn.Tanh(), nn.Linear(hid, i * o + o))

    def forward(self, t, x):
        p = self.net(t.view(1, 1)).view(-1)
        b, w = p[: self.o], p[self.o :].view(self.o, self.i)
        return F.linear(x, w, b)


class ODEFunc(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = TimeHyperLinear(2, 10), TimeHyperLinear(10, 2)

    def forward(self, t, z):
        return self.l2(t, torch.tanh(self.l1(t, z)))

    def with_divergence(self, t, z):
        with torch.enable_grad():
            z = z.requires_grad_(True) if z.is_leaf else z
            dz = self(t, z)
            div = 0
            for k in range(2):
                div = div + torch.autograd.grad(dz[:, k].sum(), z, create_graph=True)[0][:, k]
        return dz, div


torch.manual_seed(0)
func = ODEFunc()
opt = torch.optim.Adam(func.parameters(), lr=3e-3)
n, dt = 4, 0.25
for it in range(6):
    z = torch.randn(32, 2) * torch.tensor([0.5, 1.5]) + 1.0
    logdet = torch.zeros(32)
    for k in range(n):
        t = torch.tensor(k * dt)
        k1, d1 = func.with_divergence(t, z)
        k2, d2 = func.with_divergence(t + dt / 2, z + dt / 2 * k1)
        z, logdet = z + dt * k2, logdet + dt * d2
    logp = -0.5 * z.pow(2).sum(1) - math.log(2 * math.pi) + logdet
    loss = -logp.mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"Iter {it:02d} | NLL {loss.item():.4f}")
