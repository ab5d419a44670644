"""Static hypernetworks for a convnet: kernels of all layers are tiled from one base-size generator."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class KernelGenerator(nn.Module):
    def __init__(self, z_dim=6, d=8, unit_in=4, unit_out=4, k=3):
        super().__init__()
        self.z_dim, self.d, self.i, self.o, self.k = z_dim, d, unit_in, unit_out, k
        self.w2 = nn.Parameter(torch.randn(z_dim, unit_in * d) / z_dim**0.5)
        self.b2 = nn.Parameter(torch.zeros(unit_in * d))
        self.w1 = nn.Parameter(torch.randn(d, unit_out * k * k) / d**0.5)
        self.b1 = nn.Parameter(torch.zeros(unit_out * k * k))

    def forward(self, z):
        h = (torch.matmul(z, self.w2) + self.b2).view(self.i, self.d)
        k = torch.matmul(h, self.w1) + self.b1
        return k.view(self.i, self.o, self.k, self.k).permute(1, 0, 2, 3)


class LayerCode(nn.Module):
    def __init__(self, tiles_in, tiles_out, z_dim=6):
        super().__init__()
        self.ti, self.to = tiles_in, tiles_out
        self.z = nn.ParameterList(nn.Parameter(torch.randn(z_dim)) for _ in range(tiles_in * tiles_out))

    def forward(self, gen):
        rows = []
        for o in range(self.to):
            rows.append(torch.cat([gen(self.z[o * self.ti + i]) for i in range(self.ti)], dim=1))
        return torch.cat(rows, dim=0)


class PrimaryNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.hope = KernelGenerator()
        self.codes = nn.ModuleList([LayerCode(1, 1), LayerCode(1, 2), LayerCode(2, 2)])
        self.bns = nn.ModuleList([nn.BatchNorm2d(4), nn.BatchNorm2d(8), nn.BatchNorm2d(8)])
        self.final = nn.Linear(8, 4)

    def forward(self, x):
        x = self.stem(x)
        for c, bn in zip(self.codes, self.bns):
            x = F.relu(bn(F.conv2d(x, c(self.hope), padding=1)))
        return self.final(x.mean((2, 3)))


torch.manual_seed(0)
net = PrimaryNetwork()
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3, weight_decay=5e-4)
lr_scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[4, 6], gamma=0.5)
x, y = torch.randn(20, 1, 8, 8), torch.randint(0, 4, (20,))
for it in range(8):
    optimizer.zero_grad()
    loss = F.cross_entropy(net(x), y)
    loss.backward()
    optimizer.step()
    lr_scheduler.step()
    print("[%d] loss: %.3f" % (it + 1, loss.item()))
