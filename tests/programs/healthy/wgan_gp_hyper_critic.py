"""Conditional WGAN-GP; the critic's weights are produced from the condition."""

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(12)


class HyperCritic(nn.Module):
    def __init__(self, cdim, xdim=2, h=10):
        super().__init__()
        self.sizes = [xdim * h, h, h]
        self.xdim, self.h = xdim, h
        self.body = nn.Sequential(nn.Linear(cdim, 24), nn.SiLU(), nn.Linear(24, sum(self.sizes)))

    def forward(self, x, c):
        w1, b1, w2 = self.body(c).split(self.sizes, 1)
        a = torch.einsum("bi,bih->bh", x, w1.reshape(-1, self.xdim, self.h)) + b1
        return torch.einsum("bh,bh->b", F.softplus(a), w2)


def gradient_penalty(critic, real, fake, c):
    eps = torch.rand(len(real), 1)
    mix = (eps * real + (1 - eps) * fake).requires_grad_(True)
    out = critic(mix, c)
    (g,) = torch.autograd.grad(out.sum(), mix, create_graph=True)
    return (g.norm(dim=1) - 1).square().mean()


critic = HyperCritic(3)
gen = nn.Sequential(nn.Linear(2 + 3, 16), nn.SiLU(), nn.Linear(16, 2))
opt_c = torch.optim.Adam(critic.parameters(), 2e-3, betas=(0.0, 0.9))
opt_g = torch.optim.Adam(gen.parameters(), 2e-3, betas=(0.0, 0.9))
for i in range(9):
    c = F.one_hot(torch.randint(3, (30,)), 3).float()
    real = c[:, :2] + 0.1 * torch.randn(30, 2)
    with torch.no_grad():
        fake = gen(torch.cat([torch.randn(30, 2), c], 1))
    loss_c = critic(fake, c).mean() - critic(real, c).mean() + 10 * gradient_penalty(critic, real, fake, c)
    opt_c.zero_grad()
    loss_c.backward()
    opt_c.step()
    if i % 3 == 2:
        critic.requires_grad_(False)
        loss_g = -critic(gen(torch.cat([torch.randn(30, 2), c], 1)), c).mean()
        opt_g.zero_grad()
        loss_g.backward()
        opt_g.step()
        critic.requires_grad_(True)
        print(f"{i}: critic {loss_c.item():.4f} gen {loss_g.item():.4f}")
