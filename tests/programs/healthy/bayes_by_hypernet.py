"""Implicit weight posterior: noise goes through a hypernetwork; KL is estimated by a kernel density over samples."""

import math

import numpy as np
import torch
import torch.nn as nn

rng = np.random.default_rng(0)
torch.manual_seed(0)
SIZES = [(1, 10), (10, 1)]
P = sum(i * o + o for i, o in SIZES)
NZ, S = 4, 6

gen = nn.Sequential(nn.Linear(NZ, 24), nn.SiLU(), nn.Linear(24, P))
log_noise = nn.Parameter(torch.tensor(-1.0))


def bnn(x, th):
    x = x.expand(th.size(0), -1, -1)
    i0 = 0
    for k, (i, o) in enumerate(SIZES):
        w = th[:, i0 : i0 + i * o].reshape(-1, i, o)
        b = th[:, i0 + i * o : i0 + i * o + o].unsqueeze(1)
        i0 += i * o + o
        x = torch.bmm(x, w) + b
        if k == 0:
            x = torch.tanh(x)
    return x


def log_q(a, b, bw=0.5):
    d2 = torch.cdist(a, b).pow(2) / a.size(1)
    return torch.logsumexp(-d2 / (2 * bw**2), 1) - math.log(b.size(0))


x = torch.tensor(rng.uniform(-2, 2, (40, 1)), dtype=torch.float32)
y = x**3 / 4 + 0.1 * torch.randn_like(x)
opt = torch.optim.Adam(list(gen.parameters()) + [log_noise], lr=5e-3)
for it in range(8):
    th = gen(torch.randn(S, NZ))
    ref = gen(torch.randn(S, NZ))
    pred = bnn(x, th)
    nll = (0.5 * ((pred - y) / log_noise.exp()) ** 2 + log_noise).mean()
    log_p = -0.5 * th.pow(2).mean(1)
    kl = (log_q(th, ref) - log_p).mean()
    loss = nll + kl / len(x)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"it {it} nll {nll.item():.4f} kl {kl.item():.4f} spread {th.std(0).mean().item():.4f}")
