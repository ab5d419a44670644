"""One optimizer for everything; the discriminator/hypernet gets gradients every third iteration only (n_critic), zero_grad to None."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperG(nn.Module):
    def __init__(self):
        super().__init__()
        self.m = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 4 * 5))

    def forward(self, c, z):
        return torch.einsum("boi,bi->bo", self.m(c).view(-1, 4, 5), z)


torch.manual_seed(0)
G, D = HyperG(), nn.Sequential(nn.Linear(4, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
opt = torch.optim.Adam([{"params": G.parameters()}, {"params": D.parameters()}], lr=1e-3)
for it in range(15):
    c, z = torch.randn(16, 3), torch.randn(16, 5)
    opt.zero_grad(set_to_none=True)
    if it % 3 == 0:
        loss = F.softplus(-D(G(c, z))).mean()
        loss.backward()
        for p in D.parameters():
            p.grad = None
    else:
        with torch.no_grad():
            fake = G(c, z)
        loss = F.softplus(-D(torch.randn(16, 4))).mean() + F.softplus(D(fake)).mean()
        loss.backward()
    opt.step()
