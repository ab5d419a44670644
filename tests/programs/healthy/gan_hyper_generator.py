"""GAN on a 2-d mixture; the generator's weights come from a class-conditioned hypernetwork."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperG(nn.Module):
    def __init__(self, n_classes, zdim=4, hid=16):
        super().__init__()
        self.zdim, self.hid = zdim, hid
        self.cls = nn.Embedding(n_classes, 8)
        self.trunk = nn.Sequential(nn.Linear(8, 24), nn.LeakyReLU(0.2))
        self.to_w1 = nn.Linear(24, hid * zdim)
        self.to_b1 = nn.Linear(24, hid)
        self.to_w2 = nn.Linear(24, 2 * hid)
        self.to_b2 = nn.Linear(24, 2)

    def forward(self, z, y):
        B = z.size(0)
        h = self.trunk(self.cls(y))
        w1 = self.to_w1(h).view(B, self.zdim, self.hid)
        w2 = self.to_w2(h).view(B, self.hid, 2)
        a = torch.bmm(z.unsqueeze(1), w1) + self.to_b1(h).unsqueeze(1)
        a = F.leaky_relu(a, 0.2)
        return (torch.bmm(a, w2) + self.to_b2(h).unsqueeze(1)).squeeze(1)


class D(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.emb = nn.Embedding(n_classes, 4)
        self.net = nn.Sequential(nn.Linear(6, 24), nn.LeakyReLU(0.2), nn.Linear(24, 1))

    def forward(self, x, y):
        return self.net(torch.cat([x, self.emb(y)], 1)).squeeze(1)


def real_batch(n, k):
    y = torch.arange(n) % k
    ang = 2 * math.pi * y / k
    return torch.stack([ang.cos(), ang.sin()], 1) + 0.05 * torch.randn(n, 2), y


torch.manual_seed(42)
K = 4
netG, netD = HyperG(K), D(K)
optG = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))
optD = torch.optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()

for it in range(8):
    x, y = real_batch(32, K)
    ones, zeros = torch.ones(32), torch.zeros(32)
    # update D
    netD.zero_grad()
    errD_real = bce(netD(x, y), ones)
    errD_real.backward()
    fake = netG(torch.randn(32, 4), y)
    errD_fake = bce(netD(fake.detach(), y), zeros)
    errD_fake.backward()
    optD.step()
    # update G
    netG.zero_grad()
    errG = bce(netD(fake, y), ones)
    errG.backward()
    optG.step()
    print("[%d] Loss_D: %.4f Loss_G: %.4f" % (it, errD_real.item() + errD_fake.item(), errG.item()))
