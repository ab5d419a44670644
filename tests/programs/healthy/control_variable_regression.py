"""Rate-distortion style conditioning: beta is sampled per batch and the decoder weights are generated from log beta."""

import math
import random

import torch
import torch.nn.functional as F
from torch import nn

random.seed(3)
torch.manual_seed(3)


class BetaVAE(nn.Module):
    def __init__(self, d=10, z=3, h=12):
        super().__init__()
        self.d, self.z, self.h = d, z, h
        self.enc = nn.Linear(d, h)
        self.cond = nn.Sequential(nn.Linear(1, 16), nn.Tanh())
        self.q = nn.Linear(16, 2 * z * h + 2 * z)
        self.p = nn.Linear(16, d * z + d)

    def forward(self, x, beta):
        c = self.cond(torch.tensor([math.log(beta)]))
        q, p = self.q(c), self.p(c)
        h = torch.tanh(self.enc(x))
        mu, lv = F.linear(
            h, q[: 2 * self.z * self.h].view(2 * self.z, self.h), q[2 * self.z * self.h :]
        ).chunk(2, 1)
        s = mu + torch.randn_like(mu) * (lv / 2).exp()
        rec = F.linear(s, p[: self.d * self.z].view(self.d, self.z), p[self.d * self.z :])
        return F.mse_loss(rec, x), 0.5 * (mu**2 + lv.exp() - 1 - lv).sum(1).mean()


m = BetaVAE()
opt = torch.optim.NAdam(m.parameters(), 3e-3)
base = torch.randn(3, 10)
for i in range(9):
    beta = 10 ** random.uniform(-3, 0)
    rec, kl = m(torch.randn(32, 3) @ base, beta)
    loss = rec + beta * kl
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"{i}: beta={beta:.4f} rec={rec.item():.4f} kl={kl.item():.4f}")
