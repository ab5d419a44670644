"""Fourier neural operator whose complex spectral weights are generated from a PDE parameter."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class SpectralHyper(nn.Module):
    def __init__(self, cond, ch, modes):
        super().__init__()
        self.ch, self.modes = ch, modes
        self.f = nn.Sequential(nn.Linear(cond, 16), nn.GELU(), nn.Linear(16, ch * ch * modes * 2))
        nn.init.normal_(self.f[-1].weight, std=0.05)

    def forward(self, c):
        return torch.view_as_complex(self.f(c).view(-1, self.ch, self.ch, self.modes, 2))


class FNOBlock(nn.Module):
    def __init__(self, cond, ch, modes):
        super().__init__()
        self.modes = modes
        self.spec = SpectralHyper(cond, ch, modes)
        self.skip = nn.Conv1d(ch, ch, 1)

    def forward(self, x, c):
        n = x.size(-1)
        xf = torch.fft.rfft(x)
        w = self.spec(c)
        out = torch.zeros_like(xf)
        out[..., : self.modes] = torch.einsum("bim,biom->bom", xf[..., : self.modes], w)
        return F.gelu(torch.fft.irfft(out, n=n) + self.skip(x))


class FNO(nn.Module):
    def __init__(self, ch=4, modes=3):
        super().__init__()
        self.lift, self.proj = nn.Conv1d(2, ch, 1), nn.Conv1d(ch, 1, 1)
        self.blocks = nn.ModuleList(FNOBlock(1, ch, modes) for _ in range(2))

    def forward(self, u, c):
        grid = torch.linspace(0, 1, u.size(-1)).expand(u.size(0), 1, -1)
        x = self.lift(torch.cat([u, grid], 1))
        for b in self.blocks:
            x = b(x, c)
        return self.proj(x)


def heat(u0, nu, t=0.1):
    k = torch.arange(u0.size(-1) // 2 + 1) * 6.28
    return torch.fft.irfft(torch.fft.rfft(u0) * torch.exp(-nu[..., None] * k**2 * t * 0.02), n=u0.size(-1))


def main():
    torch.manual_seed(0)
    net = FNO()
    opt = torch.optim.Adam(net.parameters(), lr=2e-3)
    for step in range(12):
        u0 = torch.cumsum(torch.randn(8, 1, 16), -1) * 0.3
        nu = torch.rand(8, 1)
        target = heat(u0, nu)
        pred = net(u0, nu)
        loss = ((pred - target).flatten(1).norm(dim=1) / target.flatten(1).norm(dim=1)).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(loss.item())


main()
