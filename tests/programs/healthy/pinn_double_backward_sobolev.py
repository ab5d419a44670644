"""Energy network by a hypernet; forces by autograd.grad(create_graph), loss on forces only: last bias without gradient."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class EnergyHyper(nn.Module):
    def __init__(self, h=12):
        super().__init__()
        self.h = h
        self.species = nn.Embedding(3, 6)
        self.net = nn.Sequential(nn.Linear(6, 16), nn.SiLU(), nn.Linear(16, 3 * h + h + h + 1))

    def energy(self, pos, z):
        h = self.h
        p = self.net(self.species(z))
        w1, b1, w2, b2 = torch.split(p, [3 * h, h, h, 1], -1)
        a = torch.einsum("bnd,bndh->bnh", pos, w1.unflatten(-1, (3, h))) + b1
        return (F.silu(a) * w2).sum(-1).sum(-1) + b2.sum((1, 2))


torch.manual_seed(0)
m = EnergyHyper()
opt = torch.optim.Adam(m.parameters(), lr=1e-3, amsgrad=True)
for it in range(8):
    pos = torch.randn(4, 5, 3, requires_grad=True)
    z = torch.randint(0, 3, (4, 5))
    e = m.energy(pos, z)
    force = -torch.autograd.grad(e.sum(), pos, create_graph=True)[0]
    loss = F.mse_loss(force, -pos.detach())
    opt.zero_grad()
    loss.backward()
    opt.step()
