"""Conv kernels of differing sizes tiled from 4x4 units; one call of the unit maker per layer, last unit cut."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

UNIT = 4


class UnitMaker(nn.Module):
    def __init__(self, z=6, hidden=20, k=3):
        super().__init__()
        self.k = k
        self.net = nn.Sequential(nn.Linear(z, hidden), nn.ReLU(), nn.Linear(hidden, UNIT * UNIT * k * k))

    def forward(self, z):
        return self.net(z).view(*z.shape[:-1], UNIT, UNIT, self.k, self.k)


class TiledConv(nn.Module):
    def __init__(self, cin, cout, z=6):
        super().__init__()
        self.cin, self.cout = cin, cout
        self.grid = (math.ceil(cout / UNIT), math.ceil(cin / UNIT))
        self.z = nn.Parameter(torch.randn(*self.grid, z))

    def forward(self, x, maker):
        u = maker(self.z)
        w = u.permute(0, 2, 1, 3, 4, 5).reshape(self.grid[0] * UNIT, self.grid[1] * UNIT, 3, 3)
        return F.conv2d(x, w[: self.cout, : self.cin] * 0.3, padding=1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.maker = UnitMaker()
        self.convs = nn.ModuleList([TiledConv(1, 6), TiledConv(6, 8), TiledConv(8, 4)])
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        for c in self.convs:
            x = F.relu(c(x, self.maker))
        return self.head(x.mean((2, 3)))


torch.manual_seed(0)
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for step in range(12):
    x = torch.rand(16, 1, 8, 8)
    loss = F.cross_entropy(net(x), (x[:, 0, :4].mean((1, 2)) > 0.5).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, f"{loss.item():.4f}")
