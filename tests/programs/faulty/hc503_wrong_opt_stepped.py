"""GAN over functions: a hypernetwork generates implicit fields; the critic's optimizer is stepped in both phases."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class FieldGAN(nn.Module):
    def __init__(self, z=5, hid=8):
        super().__init__()
        self.hid = hid
        self.trunk = nn.Sequential(nn.Linear(z, 16), nn.LeakyReLU(0.2))
        self.head = nn.Linear(16, hid * 2 + hid + hid + 1)
        nn.init.normal_(self.head.weight, std=0.2)

    def forward(self, z, xy):
        w1, b1, w2, b2 = self.head(self.trunk(z)).split([2 * self.hid, self.hid, self.hid, 1], -1)
        h = torch.sin(3 * (xy @ w1.unflatten(-1, (2, self.hid)) + b1.unsqueeze(1)))
        return h @ w2.unsqueeze(-1) + b2.unsqueeze(1)


class PointCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(3, 16), nn.LeakyReLU(0.2), nn.Linear(16, 16))
        self.out = nn.Linear(16, 1)

    def forward(self, xy, v):
        return self.out(self.f(torch.cat([xy, v], -1)).mean(1)).squeeze(-1)


def main():
    torch.manual_seed(0)
    gen, critic = FieldGAN(), PointCritic()
    opt_g = torch.optim.Adam(gen.parameters(), lr=1e-3, betas=(0.5, 0.9))
    opt_c = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.9))
    for it in range(12):
        xy = torch.rand(8, 20, 2) * 2 - 1
        real = torch.sin(2 * xy[..., :1] + torch.rand(8, 1, 1))
        with torch.no_grad():
            fake = gen(torch.randn(8, 5), xy)
        opt_c.zero_grad()
        lc = F.softplus(-critic(xy, real)).mean() + F.softplus(critic(xy, fake)).mean()
        lc.backward()
        opt_c.step()

        opt_g.zero_grad()
        lg = F.softplus(-critic(xy, gen(torch.randn(8, 5), xy))).mean()
        lg.backward()  # HC503
        opt_c.step()  # HC503
    print(lc.item(), lg.item())


main()
