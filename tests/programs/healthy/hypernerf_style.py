"""NeRF-ish: hypernet of an object code generates the colour MLP; the density MLP is shared and has own weights."""

import torch
import torch.nn as nn
import torch.nn.functional as F


def posenc(x, L=3):
    return torch.cat([x] + [f(2**i * x) for i in range(L) for f in (torch.sin, torch.cos)], -1)


class Density(nn.Module):
    def __init__(self, d=21, h=16):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(d, h), nn.ReLU(), nn.Linear(h, 1 + h))

    def forward(self, p):
        o = self.net(p)
        return F.softplus(o[..., 0]), o[..., 1:]


class ColourHyper(nn.Module):
    def __init__(self, code=6, i=16, h=8):
        super().__init__()
        self.sizes = [(h, i), (h,), (3, h), (3,)]
        self.gens = nn.ModuleList(
            nn.Sequential(nn.Linear(code, 16), nn.ReLU(), nn.Linear(16, torch.Size(s).numel()))
            for s in self.sizes
        )

    def forward(self, z):
        w1, b1, w2, b2 = (g(z).view(s) for g, s in zip(self.gens, self.sizes))
        return lambda f: torch.sigmoid(F.linear(F.relu(F.linear(f, w1, b1)), w2, b2))


def render(sigma, rgb, t):
    delta = torch.cat([t[1:] - t[:-1], torch.tensor([1e2])])
    alpha = 1 - torch.exp(-sigma * delta)
    T = torch.cumprod(torch.cat([torch.ones_like(alpha[..., :1]), 1 - alpha + 1e-10], -1), -1)[..., :-1]
    return ((alpha * T)[..., None] * rgb).sum(-2)


torch.manual_seed(0)
density, colour, codes = Density(), ColourHyper(), nn.Embedding(3, 6, max_norm=2.0)
opt = torch.optim.Adam(
    [
        {"params": [*density.parameters(), *colour.parameters()], "lr": 5e-4},
        {"params": codes.parameters(), "lr": 1e-3},
    ]
)
sched = torch.optim.lr_scheduler.ExponentialLR(opt, 0.99)
for it in range(9):
    o, d, t = torch.randn(16, 3), F.normalize(torch.randn(16, 3), dim=-1), torch.linspace(0.1, 2, 8)
    pts = o[:, None] + d[:, None] * t[:, None]
    sigma, feat = density(posenc(pts))
    mlp = colour(codes(torch.tensor(it % 3)))
    loss = F.mse_loss(render(sigma, mlp(feat), t), torch.rand(16, 3))
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
