"""Two alternating optimizers; gradients are cleared through the modules or set to None by hand, at different places (twin of HC405)."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Gen(nn.Module):
    def __init__(self, z=5, hid=8):
        super().__init__()
        self.hid = hid
        self.f = nn.Sequential(nn.Linear(z, 16), nn.ReLU(), nn.Linear(16, hid * 2 + hid))
        nn.init.normal_(self.f[-1].weight, std=0.15)

    def forward(self, z, x):
        w, v = self.f(z).split([2 * self.hid, self.hid], -1)
        return torch.bmm(torch.tanh(torch.bmm(x, w.view(-1, 2, self.hid))), v.unsqueeze(-1)).squeeze(-1)


def main():
    torch.manual_seed(0)
    gen = Gen()
    disc = nn.Sequential(nn.Linear(10, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
    og = torch.optim.Adam(gen.parameters(), lr=1e-3)
    od = torch.optim.Adam(disc.parameters(), lr=1e-3)
    x = torch.rand(1, 10, 2)
    for it in range(14):
        real = torch.sin(3 * x[..., 0] + torch.rand(8, 1))
        fake = gen(torch.randn(8, 5), x.expand(8, -1, -1))
        d = F.softplus(-disc(real)).mean() + F.softplus(disc(fake.detach())).mean()
        for p in disc.parameters():
            p.grad = None
        d.backward()
        od.step()
        g = F.softplus(-disc(fake)).mean()
        grads = torch.autograd.grad(g, list(gen.parameters()))
        for p, gr in zip(gen.parameters(), grads):
            p.grad = gr
        og.step()
        if it % 7 == 6:
            gen.zero_grad()
            g2 = (gen(torch.randn(8, 5), x.expand(8, -1, -1)) - real).pow(2).mean()
            g2.backward()
            og.step()
            gen.zero_grad()
    print(d.item(), g.item())


main()
