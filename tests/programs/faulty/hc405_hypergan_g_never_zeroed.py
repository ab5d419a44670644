"""HyperGAN in miniature: mixer + per-layer generators, a discriminator on the codes."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Mixer(nn.Module):
    def __init__(self, s=6, z=5, n=2):
        super().__init__()
        self.n, self.z = n, z
        self.net = nn.Sequential(nn.Linear(s, 16), nn.ReLU(), nn.Linear(16, n * z))

    def forward(self, s):
        return self.net(s).view(-1, self.n, self.z).unbind(1)


class WeightGen(nn.Module):
    def __init__(self, z, out, inp):
        super().__init__()
        self.shape = (out, inp)
        self.net = nn.Sequential(nn.Linear(z, 16), nn.ReLU(), nn.Linear(16, out * inp))
        nn.init.normal_(self.net[-1].weight, std=0.1)

    def forward(self, z):
        return self.net(z).view(-1, *self.shape)


def main():
    torch.manual_seed(8)
    mixer, g1, g2 = Mixer(), WeightGen(5, 10, 4), WeightGen(5, 3, 10)
    disc = nn.Sequential(nn.Linear(5, 12), nn.ReLU(), nn.Linear(12, 1))
    g_params = [*mixer.parameters(), *g1.parameters(), *g2.parameters()]
    opt_g = torch.optim.Adam(g_params, lr=2e-3)
    opt_d = torch.optim.Adam(disc.parameters(), lr=1e-3)
    proto = torch.randn(3, 4)
    for it in range(15):
        y = torch.randint(0, 3, (12,))
        x = proto[y] + 0.4 * torch.randn(12, 4)
        codes = mixer(torch.randn(6, 6))

        opt_d.zero_grad()
        fake = torch.cat(codes).detach()
        real = torch.randn_like(fake)
        d_loss = F.softplus(-disc(real)).mean() + F.softplus(disc(fake)).mean()
        d_loss.backward()
        opt_d.step()

        h = torch.relu(torch.einsum("soi,bi->sbo", g1(codes[0]), x))
        logits = torch.einsum("soi,sbi->sbo", g2(codes[1]), h)
        clf = F.cross_entropy(logits.reshape(-1, 3), y.repeat(6))
        adv = F.softplus(-disc(torch.cat(codes))).mean()
        (clf + 0.1 * adv).backward()  # HC405
        opt_g.step()  # HC405
        if it % 5 == 0:
            print(it, clf.item(), d_loss.item())


main()
