"""Generated weights normalised by a power iteration whose vectors are buffers updated under no_grad."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class LipschitzHyperLinear(nn.Module):
    def __init__(self, cond, n_in, n_out):
        super().__init__()
        self.n_in, self.n_out = n_in, n_out
        self.gen = nn.Linear(cond, n_in * n_out)
        self.bias = nn.Linear(cond, n_out)
        self.register_buffer("u", F.normalize(torch.randn(n_out), dim=0))
        nn.init.normal_(self.gen.weight, std=0.1)

    def sigma(self, w):
        with torch.no_grad():
            u = self.u
            for _ in range(2):
                v = F.normalize(w.t() @ u, dim=0)
                u = F.normalize(w @ v, dim=0)
            if self.training:
                self.u.copy_(u)
        return u @ (w @ v)

    def forward(self, x, c):
        w = self.gen(c).view(self.n_out, self.n_in)
        return F.linear(x, w / self.sigma(w).clamp_min(1e-3), self.bias(c))


class Critic(nn.Module):
    def __init__(self, cond=4):
        super().__init__()
        self.l1, self.l2, self.l3 = (
            LipschitzHyperLinear(cond, a, b) for a, b in ((2, 10), (10, 10), (10, 1))
        )

    def forward(self, x, c):
        x = F.leaky_relu(self.l1(x, c), 0.2)
        return self.l3(F.leaky_relu(self.l2(x, c), 0.2), c).squeeze(-1)


def main():
    torch.manual_seed(0)
    critic = Critic()
    conds = nn.Parameter(torch.randn(3, 4))
    opt = torch.optim.Adam([*critic.parameters(), conds], lr=3e-3, betas=(0.5, 0.9))
    for step in range(15):
        k = step % 3
        a = torch.randn(24, 2)
        b = torch.randn(24, 2) + torch.tensor([float(k), 1.0])
        loss = -(critic(b, conds[k]).mean() - critic(a, conds[k]).mean())
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(-loss.item())


main()
