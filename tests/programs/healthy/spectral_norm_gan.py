"""SN-GAN with hinge loss on tiny images."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils import spectral_norm

torch.manual_seed(0)
G = nn.Sequential(
    nn.Linear(4, 32),
    nn.LeakyReLU(0.2),
    nn.Unflatten(1, (8, 2, 2)),
    nn.ConvTranspose2d(8, 4, 4, 2, 1),
    nn.BatchNorm2d(4),
    nn.LeakyReLU(0.2),
    nn.ConvTranspose2d(4, 1, 4, 2, 1),
    nn.Tanh(),
)
D = nn.Sequential(
    spectral_norm(nn.Conv2d(1, 6, 3, 2, 1)),
    nn.LeakyReLU(0.1),
    spectral_norm(nn.Conv2d(6, 8, 3, 2, 1)),
    nn.LeakyReLU(0.1),
    nn.Flatten(),
    spectral_norm(nn.Linear(32, 1, bias=False)),
)
opt_d = torch.optim.Adam(filter(lambda p: p.requires_grad, D.parameters()), lr=4e-4, betas=(0.0, 0.9))
opt_g = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.0, 0.9))
for it in range(6):
    real = torch.sin(torch.linspace(0, 3, 8)).view(1, 1, 1, 8).expand(16, 1, 8, 8) + 0.1 * torch.randn(
        16, 1, 8, 8
    )
    opt_d.zero_grad()
    d_loss = F.relu(1.0 - D(real)).mean() + F.relu(1.0 + D(G(torch.randn(16, 4)).detach())).mean()
    d_loss.backward()
    opt_d.step()
    opt_d.zero_grad()
    opt_g.zero_grad()
    g_loss = -D(G(torch.randn(16, 4))).mean()
    g_loss.backward()
    opt_g.step()
    print("disc loss", d_loss.item(), "gen loss", g_loss.item())
