"""VAE over functions: the latent code is decoded into the weights of an implicit representation."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class FunctionVAE(nn.Module):
    def __init__(self, n_pts=16, z=4, h=8):
        super().__init__()
        self.h = h
        self.encoder = nn.Sequential(nn.Linear(n_pts, 24), nn.GELU(), nn.Linear(24, 2 * z))
        self.decoder = nn.Sequential(nn.Linear(z, 24), nn.GELU(), nn.Linear(24, h + h + h * h + h + h + 1))

    def inr(self, theta, t):
        h = self.h
        w1, b1, w2, b2, w3, b3 = theta.split([h, h, h * h, h, h, 1], 1)
        x = torch.sin(3 * (t * w1.unsqueeze(1) + b1.unsqueeze(1)))
        x = torch.sin(x @ w2.view(-1, h, h) + b2.unsqueeze(1))
        return x @ w3.unsqueeze(-1) + b3.unsqueeze(1)

    def forward(self, f, t):
        mu, logvar = self.encoder(f).chunk(2, -1)
        z = mu + torch.randn_like(mu) * (0.5 * logvar).exp()
        kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(-1).mean()
        return self.inr(self.decoder(z), t).squeeze(-1), kl


torch.manual_seed(0)
model = FunctionVAE()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
t = torch.linspace(-1, 1, 16).view(1, -1, 1)
for step in range(8):
    a, b = torch.randn(24, 1), torch.randn(24, 1)
    f = a * torch.sin(3 * t[..., 0]) + b * t[..., 0]
    rec, kl = model(f, t)
    loss = F.mse_loss(rec, f) + 1e-3 * kl
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"step {step} elbo-ish {loss.item():.4f} kl {kl.item():.4f}")
