"""Classifier-free guidance: the null condition for some samples (a learned vector), all-null batches happen."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Denoiser(nn.Module):
    def __init__(self, c=4, d=6, h=12):
        super().__init__()
        self.null = nn.Parameter(torch.zeros(c))
        self.cond = nn.Sequential(nn.Linear(c, 16), nn.SiLU())
        self.inp, self.out = nn.Linear(d + 1, h), nn.Linear(h, d)
        self.ada = nn.Linear(16, h * h)
        self.h = h

    def forward(self, x, t, c, drop=0.0):
        keep = torch.rand(len(c), 1) >= drop
        c = torch.where(keep, c, self.null)
        w = self.ada(self.cond(c)).view(-1, self.h, self.h) / self.h
        z = F.silu(self.inp(torch.cat([x, t], -1)))
        return self.out(z + torch.bmm(w, z.unsqueeze(-1)).squeeze(-1))


torch.manual_seed(0)
model = Denoiser()
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
centres = torch.randn(4, 6) * 2
for step in range(16):
    k = torch.randint(0, 4, (32,))
    c = F.one_hot(k, 4).float()
    x0 = centres[k] + 0.1 * torch.randn(32, 6)
    t, noise = torch.rand(32, 1), torch.randn_like(x0)
    drop = 1.0 if step % 4 == 3 else 0.2
    loss = F.mse_loss(model((1 - t) * x0 + t * noise, t, c, drop), noise - x0)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 4 == 0:
        print(step, f"{loss.item():.4f}")
