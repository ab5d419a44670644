"""Best-of-k: the noise-conditioned hypernet makes k networks per input, only the best one is trained (winner takes all, relaxed)."""

import torch
import torch.nn as nn


class NoiseHyper(nn.Module):
    def __init__(self, z=4, hid=6):
        super().__init__()
        self.hid = hid
        self.f = nn.Sequential(nn.Linear(z, 16), nn.ReLU(), nn.Linear(16, 3 * hid + 1))
        nn.init.normal_(self.f[-1].weight, std=0.25)

    def forward(self, z, x):
        w, b, v, c = self.f(z).split([self.hid, self.hid, self.hid, 1], -1)
        h = torch.tanh(x[None, :, None] * w[:, None] + b[:, None])
        return torch.einsum("kbh,kh->kb", h, v) + c


def main():
    torch.manual_seed(0)
    net = NoiseHyper()
    opt = torch.optim.Adam(net.parameters(), lr=5e-3)
    for step in range(14):
        x = torch.rand(10) * 4 - 2
        y = torch.where(torch.rand(10) < 0.5, 1.0, -1.0) * torch.sin(x)
        pred = net(torch.randn(5, 4), x)
        err = (pred - y).pow(2)
        loss = err.min(0).values.mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(loss.item())


main()
