import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperVAE(nn.Module):
    """The decoder's weights are generated from z; the decoder maps coordinates to pixels."""

    def __init__(self, d=36, z=4, h=8):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(d, 32), nn.ReLU())
        self.mu, self.lv = nn.Linear(32, z), nn.Linear(32, z)
        self.hn = nn.Sequential(nn.Linear(z, 32), nn.ReLU(), nn.Linear(32, 2 * h + h + h + 1))
        self.h = h
        g = torch.linspace(-1, 1, 6)
        self.register_buffer("grid", torch.cartesian_prod(g, g))

    def decode(self, z):
        B, h = z.size(0), self.h
        w1, b1, w2, b2 = self.hn(z).split([2 * h, h, h, 1], 1)
        x = self.grid.expand(B, -1, -1)
        x = torch.sin(torch.baddbmm(b1.unsqueeze(1), x, w1.view(B, 2, h)))
        return torch.baddbmm(b2.unsqueeze(1), x, w2.view(B, h, 1)).squeeze(-1)

    def forward(self, x):
        e = self.enc(x)
        mu, lv = self.mu(e), self.lv(e)
        z = mu + torch.randn_like(mu) * (0.5 * lv).exp()
        return self.decode(z), mu, lv


torch.manual_seed(0)
vae = HyperVAE()
opt = torch.optim.Adam(vae.parameters(), lr=1e-3)
data = torch.rand(64, 36).round()
for epoch in range(3):
    for x in data.split(16):
        rec, mu, lv = vae(x)
        loss = (
            F.binary_cross_entropy_with_logits(rec, x, reduction="sum") / 16
            - 0.5 * (1 + lv - mu**2 - lv.exp()).sum() / 16
        )
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        vae.decode(torch.randn(3, 4)).sigmoid().numpy()
