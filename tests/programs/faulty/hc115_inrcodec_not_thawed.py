"""Image codec: latents per image (learned with the decoder) -> hypernet -> SIREN weights; a straight-through quantiser; latents-only fit at the end."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(9)
cfg = {'latent': 8, 'hidden': 10, 'n_images': 6, 'steps': 30, 'fit_steps': 8, 'lr': 5e-3, 'lr_latent': 3e-2, 'lmbda': 1e-3, 'quant_from': 10}


class STEQuant(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, step):
        return torch.round(x / step) * step

    @staticmethod
    def backward(ctx, g):
        return g, None


class HyperNet(nn.Module):
    def __init__(self, latent, shapes):
        super().__init__()
        self.shapes = shapes
        self.body = nn.Sequential(nn.Linear(latent, 32), nn.LeakyReLU(0.2), nn.Linear(32, 32), nn.LeakyReLU(0.2))
        self.heads = nn.ModuleList([nn.Linear(32, math.prod(s)) for s in shapes])
        self.base = nn.ParameterList([nn.Parameter(self.siren_init(s, i)) for i, s in enumerate(shapes)])
        for h in self.heads:
            nn.init.normal_(h.weight, std=1e-2)
            nn.init.zeros_(h.bias)

    @staticmethod
    def siren_init(shape, i):
        fan_in = shape[-1]
        bound = 1 / fan_in if i == 0 else math.sqrt(6 / fan_in) / 5
        return torch.empty(shape).uniform_(-bound, bound)

    def forward(self, z):
        h = self.body(z)
        return [b + head(h).view(s) for head, b, s in zip(self.heads, self.base, self.shapes)]


def siren(coords, weights, w0=5.0):
    x = coords
    for i, w in enumerate(weights):
        x = F.linear(torch.cat([x, torch.ones_like(x[:, :1])], -1), w)
        if i < len(weights) - 1:
            x = torch.sin(w0 * x)
    return x


class LatentBank(nn.Module):
    def __init__(self, n, d):
        super().__init__()
        self.z = nn.Parameter(torch.randn(n, d) * 0.1)

    def forward(self, i):
        return self.z[i]


class RateModel(nn.Module):
    """factorised Laplacian"""

    def __init__(self, d):
        super().__init__()
        self.log_scale = nn.Parameter(torch.zeros(d))

    def forward(self, z):
        return (z.abs() / self.log_scale.exp() + self.log_scale + math.log(2)).sum()


def images(n, size=8):
    t = torch.linspace(-1, 1, size)
    yy, xx = torch.meshgrid(t, t, indexing='ij')
    g = torch.Generator().manual_seed(0)
    f = torch.randn(n, 2, generator=g) * 2
    coords = torch.stack([xx, yy], -1).view(-1, 2)
    return coords, torch.stack([torch.sin(a * xx + b * yy).reshape(-1, 1) for a, b in f.tolist()])


class Codec(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        h = cfg['hidden']
        self.hyper = HyperNet(cfg['latent'], [(h, 3), (h, h + 1), (1, h + 1)])
        self.rate = RateModel(cfg['latent'])
        self.quant_step = 0.05

    def forward(self, z, coords, quantise):
        zq = STEQuant.apply(z, self.quant_step) if quantise else z + self.quant_step * (torch.rand_like(z) - 0.5)
        weights = self.hyper(zq)
        return siren(coords, weights), self.rate(zq)


def train(codec, bank, coords, imgs):
    opt = torch.optim.Adam(codec.parameters(), lr=cfg['lr'])
    opt_z = torch.optim.Adam(bank.parameters(), lr=cfg['lr_latent'])
    sched = torch.optim.lr_scheduler.StepLR(opt, 20, 0.5)
    log = []
    for step in range(cfg['steps']):
        d_total = r_total = 0.0
        for i in torch.randperm(len(imgs))[:3].tolist():
            rec, rate = codec(bank(i), coords, quantise=step >= cfg['quant_from'])
            d_total = d_total + F.mse_loss(rec, imgs[i])
            r_total = r_total + rate
        loss = (d_total + cfg['lmbda'] * r_total) / 3
        opt.zero_grad()
        opt_z.zero_grad()
        loss.backward()
        opt.step()
        opt_z.step()
        sched.step()
        log.append(d_total.item() / 3)
    print('train: first', sum(log[:3]) / 3, 'last', sum(log[-3:]) / 3)


def fit_new(codec, coords, img):
    """a new image: the codec is fixed, only its latent is sought"""
    codec.requires_grad_(False)  # HC115
    z = torch.zeros(cfg['latent'], requires_grad=True)
    opt = torch.optim.Adam([z], lr=0.05)
    for step in range(cfg['fit_steps']):
        rec, rate = codec(z, coords, quantise=True)
        loss = F.mse_loss(rec, img) + cfg['lmbda'] * rate
        opt.zero_grad()
        loss.backward()
        opt.step()
    print('fit:', F.mse_loss(rec, img).item())


coords, imgs = images(cfg['n_images'] + 1)
codec, bank = Codec(cfg), LatentBank(cfg['n_images'], cfg['latent'])
train(codec, bank, coords, imgs[:-1])
fit_new(codec, coords, imgs[-1])
train(codec, bank, coords, imgs[:-1])
