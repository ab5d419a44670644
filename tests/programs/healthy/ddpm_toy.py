"""DDPM on a 2-d ring with an EMA copy used for sampling."""

import copy
import math

import torch
import torch.nn as nn

torch.manual_seed(0)
T = 20
betas = torch.linspace(1e-3, 0.2, T)
abar = torch.cumprod(1 - betas, 0)


class Eps(nn.Module):
    def __init__(self, h=32):
        super().__init__()
        self.t_emb = nn.Sequential(nn.Linear(8, h), nn.SiLU(), nn.Linear(h, 2 * h))
        self.inp, self.norm, self.out = (
            nn.Linear(2, h),
            nn.LayerNorm(h, elementwise_affine=False),
            nn.Linear(h, 2),
        )
        self.mid = nn.Linear(h, h)

    def forward(self, x, t):
        f = torch.exp(torch.arange(4) * -1.0)
        e = t[:, None] * f
        scale, shift = self.t_emb(torch.cat([e.sin(), e.cos()], -1)).chunk(2, -1)
        h = self.norm(self.inp(x)) * (1 + scale) + shift
        return self.out(nn.functional.silu(self.mid(nn.functional.silu(h))))


net = Eps()
ema = copy.deepcopy(net).eval().requires_grad_(False)
opt = torch.optim.AdamW(net.parameters(), lr=2e-3)
for step in range(8):
    ang = torch.rand(64) * 2 * math.pi
    x0 = torch.stack([ang.cos(), ang.sin()], 1)
    t = torch.randint(0, T, (64,))
    eps = torch.randn_like(x0)
    xt = abar[t].sqrt()[:, None] * x0 + (1 - abar[t]).sqrt()[:, None] * eps
    loss = (net(xt, t.float()) - eps).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        for a, b in zip(ema.parameters(), net.parameters()):
            a.lerp_(b, 0.1)
    print("step", step, "loss", loss.item())

x = torch.randn(16, 2)
with torch.no_grad():
    for i in reversed(range(T)):
        t = torch.full((16,), float(i))
        x = (x - betas[i] / (1 - abar[i]).sqrt() * ema(x, t)) / (1 - betas[i]).sqrt()
        if i:
            x = x + betas[i].sqrt() * torch.randn_like(x)
print("sample radius", x.norm(dim=1).mean().item())
