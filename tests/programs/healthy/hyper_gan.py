import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperGAN(nn.Module):
    def __init__(self, s=8, z=6, dims=(4, 8, 2)):
        super().__init__()
        self.dims = dims
        self.mixer = nn.Sequential(nn.Linear(s, 16), nn.ReLU(), nn.Linear(16, z * 2))
        self.gens = nn.ModuleList(
            nn.Sequential(nn.Linear(z, 16), nn.ReLU(), nn.Linear(16, i * o + o))
            for i, o in zip(dims, dims[1:])
        )

    def forward(self, s):
        codes = self.mixer(s).chunk(2, 1)
        return codes, [g(c) for g, c in zip(self.gens, codes)]


def ensemble(x, flats, dims):
    h = x.unsqueeze(0).expand(flats[0].size(0), -1, -1)
    for k, (f, i, o) in enumerate(zip(flats, dims, dims[1:])):
        w, b = f[:, : i * o].reshape(-1, o, i), f[:, i * o :]
        h = torch.einsum("kbi,koi->kbo", h, w) + b[:, None]
        if k == 0:
            h = h.relu()
    return h


torch.manual_seed(0)
G = HyperGAN()
D = nn.Sequential(nn.Linear(12, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
g_opt = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.9))
d_opt = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.9))
x, y = torch.randn(40, 4), torch.randint(0, 2, (40,))
for it in range(9):
    with torch.no_grad():
        codes, _ = G(torch.randn(10, 8))
        fake = torch.cat(codes, 1)
    d_loss = F.softplus(-D(torch.randn(10, 12))).mean() + F.softplus(D(fake)).mean()
    d_opt.zero_grad()
    d_loss.backward()
    d_opt.step()
    codes, flats = G(torch.randn(10, 8))
    logits = ensemble(x, flats, G.dims)
    ce = F.cross_entropy(logits.flatten(0, 1), y.repeat(10))
    adv = F.softplus(-D(torch.cat(codes, 1))).mean()
    g_opt.zero_grad()
    (ce + 0.1 * adv).backward()
    g_opt.step()
