"""Conditioning is blended in: strength rises from exactly 0 to 1 over the first steps."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class GatedConditioner(nn.Module):
    def __init__(self, n_classes, dim, warmup=5):
        super().__init__()
        self.emb = nn.Embedding(n_classes, dim)
        self.base = nn.Parameter(torch.randn(dim) * 0.5)
        self.register_buffer("count", torch.zeros(()))
        self.warmup = warmup

    def forward(self, y):
        strength = (self.count / self.warmup).clamp(max=1.0)
        if self.training:
            self.count += 1
        return self.base + strength * self.emb(y)


class Decoder(nn.Module):
    def __init__(self, cond, latent=4, hidden=12, out=16):
        super().__init__()
        self.shapes = [(hidden, latent), (out, hidden)]
        self.gen = nn.Sequential(
            nn.Linear(cond, 24), nn.ReLU(), nn.Linear(24, sum(a * b for a, b in self.shapes))
        )

    def forward(self, z, c):
        theta = self.gen(c)
        n = self.shapes[0][0] * self.shapes[0][1]
        w1 = theta[:, :n].view(-1, *self.shapes[0]) * 0.4
        w2 = theta[:, n:].view(-1, *self.shapes[1]) * 0.4
        return torch.einsum("boh,bh->bo", w2, torch.relu(torch.einsum("bhl,bl->bh", w1, z)))


torch.manual_seed(9)
cond, enc, dec = GatedConditioner(5, 6), nn.Linear(16, 8), Decoder(6)
opt = torch.optim.Adam([*cond.parameters(), *enc.parameters(), *dec.parameters()], lr=1e-3)
protos = torch.rand(5, 16)
for step in range(20):
    y = torch.randint(0, 5, (32,))
    x = protos[y] + 0.05 * torch.randn(32, 16)
    mu, logvar = enc(x).chunk(2, dim=1)
    z = mu + torch.randn_like(mu) * (0.5 * logvar).exp()
    kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).mean()
    loss = F.mse_loss(dec(z, cond(y)), x) + 0.01 * kl
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 5 == 0:
        print(step, f"{loss.item():.4f}")
