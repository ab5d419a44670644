"""Several backward calls per step on one graph (retain_graph), WGAN-GP critic with a hypernet-conditioned layer."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class CondCritic(nn.Module):
    def __init__(self, n=3, d=4, h=8):
        super().__init__()
        self.e = nn.Embedding(n, 5)
        self.h = nn.Linear(5, d * h)
        self.o = nn.Linear(h, 1)

    def forward(self, x, y):
        w = self.h(self.e(y)).view(-1, x.size(1), 8)
        return self.o(F.leaky_relu(torch.bmm(x.unsqueeze(1), w).squeeze(1), 0.2))


torch.manual_seed(0)
G = nn.Sequential(nn.Linear(6 + 3, 16), nn.ReLU(), nn.Linear(16, 4))
D = CondCritic()
og, od = (
    torch.optim.Adam(G.parameters(), 1e-4, betas=(0.0, 0.9)),
    torch.optim.Adam(D.parameters(), 1e-4, betas=(0.0, 0.9)),
)
for it in range(6):
    for p in D.parameters():
        p.requires_grad = True
    for _ in range(2):
        y = torch.randint(0, 3, (16,))
        real, z = torch.randn(16, 4) + y[:, None], torch.randn(16, 6)
        with torch.no_grad():
            fake = G(torch.cat([z, F.one_hot(y, 3).float()], 1))
        od.zero_grad()
        D(real, y).mean().mul(-1).backward()
        D(fake, y).mean().backward()
        a = torch.rand(16, 1)
        mix = (a * real + (1 - a) * fake).requires_grad_(True)
        g = torch.autograd.grad(D(mix, y).sum(), mix, create_graph=True)[0]
        (10 * (g.norm(dim=1) - 1).pow(2).mean()).backward()
        od.step()
    for p in D.parameters():
        p.requires_grad = False
    y, z = torch.randint(0, 3, (16,)), torch.randn(16, 6)
    og.zero_grad()
    (-D(G(torch.cat([z, F.one_hot(y, 3).float()], 1)), y).mean()).backward()
    og.step()
