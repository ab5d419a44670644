"""g1910-like init (std ~1 everywhere), generated convs each followed by BatchNorm: big weights, fine training."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperNetwork(nn.Module):
    def __init__(self, f=3, z=8, out=4, inp=4):
        super().__init__()
        self.f, self.z, self.out, self.inp = f, z, out, inp
        self.w1 = nn.Parameter(torch.fmod(torch.randn(z, out * f * f), 2))
        self.b1 = nn.Parameter(torch.fmod(torch.randn(out * f * f), 2))
        self.w2 = nn.Parameter(torch.fmod(torch.randn(z, inp * z), 2))
        self.b2 = nn.Parameter(torch.fmod(torch.randn(inp * z), 2))

    def forward(self, z):
        h = (z @ self.w2 + self.b2).view(self.inp, self.z)
        return (h @ self.w1 + self.b1).view(self.out, self.inp, self.f, self.f)


class Embedding(nn.Module):
    def __init__(self, num, z=8):
        super().__init__()
        self.num = num
        self.zs = nn.ParameterList(
            nn.Parameter(torch.fmod(torch.randn(z), 2)) for _ in range(num[0] * num[1])
        )

    def forward(self, hyper):
        rows = [
            torch.cat([hyper(self.zs[i * self.num[1] + j]) for j in range(self.num[1])], 1)
            for i in range(self.num[0])
        ]
        return torch.cat(rows, 0)


class Primary(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.hope = nn.Conv2d(3, 4, 3, padding=1), HyperNetwork()
        self.zs = nn.ModuleList([Embedding((1, 1)), Embedding((2, 1)), Embedding((2, 2))])
        self.bn = nn.ModuleList([nn.BatchNorm2d(4), nn.BatchNorm2d(8), nn.BatchNorm2d(8)])
        self.fc = nn.Linear(8, 3)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        for z, b in zip(self.zs, self.bn):
            x = F.relu(b(F.conv2d(x, z(self.hope), padding=1)))
        return self.fc(x.mean((2, 3)))


torch.manual_seed(0)
net = Primary()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for _ in range(7):
    x, y = torch.randn(8, 3, 6, 6), torch.randint(0, 3, (8,))
    opt.zero_grad()
    F.cross_entropy(net(x), y).backward()
    opt.step()
