"""Latents per signal optimised by an inner loop with plain leaf tensors (functa); hypernet by the outer optimizer."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class ModulatedSiren(nn.Module):
    def __init__(self, d=16, z=8):
        super().__init__()
        self.l1, self.l2, self.l3 = nn.Linear(2, d), nn.Linear(d, d), nn.Linear(d, 1)
        self.to_shift = nn.Linear(z, 2 * d)
        self.d = d

    def forward(self, xy, z):
        s1, s2 = self.to_shift(z).split(self.d, -1)
        h = torch.sin(10 * self.l1(xy) + s1.unsqueeze(1))
        h = torch.sin(10 * self.l2(h) + s2.unsqueeze(1))
        return self.l3(h)


torch.manual_seed(0)
net = ModulatedSiren()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
grid = torch.cartesian_prod(torch.linspace(-1, 1, 6), torch.linspace(-1, 1, 6))
for it in range(8):
    img = torch.rand(4, 36, 1)
    z = torch.zeros(4, 8, requires_grad=True)
    for _ in range(3):
        inner = F.mse_loss(net(grid.expand(4, -1, -1), z), img, reduction="sum") / 4
        (g,) = torch.autograd.grad(inner, z, create_graph=True)
        z = z - 1e-2 * g
    loss = F.mse_loss(net(grid.expand(4, -1, -1), z), img)
    opt.zero_grad()
    loss.backward()
    opt.step()
