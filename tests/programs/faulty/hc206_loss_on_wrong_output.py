"""HyperVAE: the reconstruction is from the main net's own decoder, the generated one is only used for the metric."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class HVAE(nn.Module):
    def __init__(self, d=8, z=3):
        super().__init__()
        self.enc = nn.Linear(d, 2 * z)
        self.dec = nn.Linear(z, d)
        self.hyper = nn.Sequential(nn.Linear(z, 16), nn.ReLU(), nn.Linear(16, z * d))
        self.d, self.zd = d, z

    def forward(self, x):
        mu, lv = self.enc(x).chunk(2, -1)
        z = mu + torch.randn_like(mu) * (lv / 2).exp()
        plain = self.dec(z)
        W = self.hyper(z).view(-1, self.d, self.zd)
        fancy = torch.einsum("bdz,bz->bd", W, z)
        return {"recon": plain, "hyper_recon": fancy, "mu": mu, "lv": lv}


torch.manual_seed(0)
vae = HVAE()
opt = torch.optim.Adam(vae.parameters(), lr=1e-3)
for i in range(9):
    x = torch.randn(16, 8)
    out = vae(x)
    loss = F.mse_loss(out["recon"], x) - 0.5e-2 * (1 + out["lv"] - out["mu"] ** 2 - out["lv"].exp()).mean()  # HC206
    metric = F.mse_loss(out["hyper_recon"], x).item()
    opt.zero_grad()
    loss.backward()
    opt.step()
