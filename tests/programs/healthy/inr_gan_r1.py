"""INR-GAN-like: the generator's synthesis MLP weights come from a mapped latent; R1 lazily, EMA copy of G."""
import copy

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class FullyConnectedLayer(nn.Module):
    def __init__(self, i, o, lr_multiplier=1.0, bias_init=0.0, act=None):
        super().__init__()
        self.weight = nn.Parameter(torch.randn([o, i]) / lr_multiplier)
        self.bias = nn.Parameter(torch.full([o], np.float32(bias_init)))
        self.weight_gain, self.bias_gain, self.act = lr_multiplier / np.sqrt(i), lr_multiplier, act

    def forward(self, x):
        x = torch.addmm((self.bias * self.bias_gain).unsqueeze(0), x, (self.weight * self.weight_gain).t())
        return x if self.act is None else self.act(x)


class Mapping(nn.Module):
    def __init__(self, z, w):
        super().__init__()
        self.fc0, self.fc1 = FullyConnectedLayer(z, w, 0.1, act=F.leaky_relu), FullyConnectedLayer(w, w, 0.1, act=F.leaky_relu)
        self.register_buffer("w_avg", torch.zeros(w))

    def forward(self, z):
        w = self.fc1(self.fc0(z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt()))
        if self.training:
            self.w_avg.copy_(w.detach().mean(0).lerp(self.w_avg, 0.9))
        return w


class HyperLinear(nn.Module):
    """factorised multiplicative modulation (FMM) of a shared weight"""
    def __init__(self, i, o, w_dim, rank=2):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(o, i) / np.sqrt(i))
        self.bias = nn.Parameter(torch.zeros(o))
        self.i, self.o, self.rank = i, o, rank
        self.affine = FullyConnectedLayer(w_dim, (i + o) * rank)

    def forward(self, x, w):
        s = self.affine(w)
        L = s[:, : self.o * self.rank].view(-1, self.o, self.rank)
        R = s[:, self.o * self.rank:].view(-1, self.rank, self.i)
        W = self.weight.unsqueeze(0) * (torch.sigmoid(L @ R / np.sqrt(self.rank)) * 2)
        return torch.baddbmm(self.bias.view(1, 1, -1), x, W.transpose(1, 2))


class Generator(nn.Module):
    def __init__(self, z=8, w=16, hid=16, res=8):
        super().__init__()
        self.z = z
        self.mapping = Mapping(z, w)
        c = torch.stack(torch.meshgrid(torch.linspace(-1, 1, res), torch.linspace(-1, 1, res), indexing="ij"), -1).view(-1, 2)
        self.register_buffer("coords", torch.cat([torch.sin(3 * c), torch.cos(3 * c)], -1))
        self.layers = nn.ModuleList([HyperLinear(4, hid, w), HyperLinear(hid, hid, w)])
        self.to_rgb = HyperLinear(hid, 1, w)

    def forward(self, z):
        w = self.mapping(z)
        x = self.coords.unsqueeze(0).expand(len(z), -1, -1)
        for l in self.layers:
            x = F.leaky_relu(l(x, w), 0.2)
        return self.to_rgb(x, w).squeeze(-1)


class Discriminator(nn.Module):
    def __init__(self, n=64):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(n, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))

    def forward(self, x):
        return self.net(x)


def reals(n):
    g = torch.linspace(-1, 1, 8)
    ph = torch.rand(n, 1, 1)
    return torch.sin(3 * g[None, :, None] + ph).mul(torch.cos(2 * g[None, None, :])).reshape(n, -1)


def training_loop(kimg=20, bs=16, r1_gamma=1.0):
    G, D = Generator().train(), Discriminator().train()
    G_ema = copy.deepcopy(G).eval()
    phases = []
    for name, module, interval in [("G", G, None), ("D", D, 4)]:
        opt = torch.optim.Adam(module.parameters(), lr=2e-3, betas=(0.0, 0.99))
        phases.append(dict(name=name + "main", module=module, opt=opt, interval=1))
        if interval:
            phases.append(dict(name=name + "reg", module=module, opt=opt, interval=interval))
    G.requires_grad_(False)
    D.requires_grad_(False)
    stats = {}
    for it in range(kimg):
        real = reals(bs)
        for ph in phases:
            if it % ph["interval"] != 0:
                continue
            ph["opt"].zero_grad(set_to_none=True)
            ph["module"].requires_grad_(True)
            if ph["name"] == "Gmain":
                loss = F.softplus(-D(G(torch.randn(bs, G.z)))).mean()
            elif ph["name"] == "Dmain":
                loss = F.softplus(D(G(torch.randn(bs, G.z)))).mean() + F.softplus(-D(real)).mean()
            else:
                r = real.detach().requires_grad_(True)
                g = torch.autograd.grad(D(r).sum(), r, create_graph=True)[0]
                loss = g.square().sum(1).mean() * (r1_gamma / 2) * ph["interval"]
            loss.backward()
            ph["module"].requires_grad_(False)
            for p in ph["module"].parameters():
                if p.grad is not None:
                    torch.nan_to_num(p.grad, nan=0, posinf=1e5, neginf=-1e5, out=p.grad)
            ph["opt"].step()
            stats[ph["name"]] = loss.item()
        with torch.no_grad():
            for pe, p in zip(G_ema.parameters(), G.parameters()):
                pe.copy_(p.lerp(pe, 0.9))
            for be, b in zip(G_ema.buffers(), G.buffers()):
                be.copy_(b)
        if it % 5 == 0:
            with torch.no_grad():
                print(it, {k: round(v, 3) for k, v in stats.items()}, G_ema(torch.randn(4, G.z)).std().item())


if __name__ == "__main__":
    torch.manual_seed(0)
    training_loop()
