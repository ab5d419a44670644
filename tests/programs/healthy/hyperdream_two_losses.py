"""HyperDreamBooth-like: an image encoder and an iterative weight decoder write rank-1 LoRA's of a frozen denoiser; regression on
pre-optimised weights first, then the denoising loss."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(77)


class LoRALayer(nn.Module):
    def __init__(self, linear, down_dim, up_dim):
        super().__init__()
        self.linear = linear
        self.linear.requires_grad_(False)
        d_out, d_in = linear.weight.shape
        self.register_buffer("down_aux", nn.init.orthogonal_(torch.empty(down_dim, d_in)))
        self.register_buffer("up_aux", nn.init.orthogonal_(torch.empty(d_out, up_dim)))
        self.down_dim, self.up_dim = down_dim, up_dim
        self.down = self.up = None
        self.scale = 4.0

    @property
    def weight_dim(self):
        return self.down_dim + self.up_dim

    def set_weight(self, w):
        self.down, self.up = w[:, : self.down_dim], w[:, self.down_dim :]

    def forward(self, x):
        out = self.linear(x)
        if self.down is None:
            return out
        h = torch.einsum("bi,di,bd->b", x, self.down_aux, self.down) if x.dim() == 2 else None
        return out + self.scale * h[:, None] * (self.up @ self.up_aux.T)


class Denoiser(nn.Module):
    def __init__(self, d=6, h=16):
        super().__init__()
        self.time = nn.Embedding(10, h)
        self.inp, self.mid, self.out = nn.Linear(d, h), nn.Linear(h, h), nn.Linear(h, d)

    def forward(self, x, t):
        h = F.silu(self.inp(x) + self.time(t))
        h = F.silu(self.mid(h)) + h
        return self.out(h)

    def inject(self, down_dim, up_dim):
        self.requires_grad_(False)
        self.mid, self.out = LoRALayer(self.mid, down_dim, up_dim), LoRALayer(self.out, down_dim, up_dim)
        return [self.mid, self.out]


class WeightDecoder(nn.Module):
    def __init__(self, weight_dim, weight_num, dim, iters=2):
        super().__init__()
        self.weight_num, self.iters = weight_num, iters
        self.register_buffer("block_pos_emb", torch.eye(weight_num)[None])
        self.pos_proj = nn.Linear(weight_num, dim)
        self.weight_in = nn.Linear(weight_dim, dim)
        self.cross = nn.MultiheadAttention(dim, 2, batch_first=True)
        self.ff = nn.Sequential(
            nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim)
        )
        self.delta = nn.Linear(dim, weight_dim, bias=False)
        nn.init.normal_(self.delta.weight, std=0.02)

    def forward(self, weight, feat):
        pos = self.pos_proj(self.block_pos_emb)
        for _ in range(self.iters):
            h = self.weight_in(weight) + pos
            h = h + self.cross(h, feat, feat, need_weights=False)[0]
            h = h + self.ff(h)
            weight = weight + self.delta(h)
        return weight


class ImgWeightGenerator(nn.Module):
    def __init__(self, weight_dim, weight_num, dim=12, train_encoder=True):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(1, dim, 3, stride=2), nn.GELU(), nn.Conv2d(dim, dim, 2))
        self.feature_proj = nn.Linear(dim, dim, bias=False)
        self.decoder = WeightDecoder(weight_dim, weight_num, dim)
        self.weight_dim, self.weight_num = weight_dim, weight_num
        self.train_encoder = train_encoder
        if not train_encoder:
            self.encoder.requires_grad_(False)

    def forward(self, img):
        with torch.set_grad_enabled(self.train_encoder and torch.is_grad_enabled()):
            feat = self.encoder(img).flatten(2).transpose(1, 2)
        feat = self.feature_proj(feat)
        start = torch.zeros(img.size(0), self.weight_num, self.weight_dim)
        return self.decoder(start, feat)


class Identities:
    def __init__(self, n=4):
        g = torch.Generator().manual_seed(1)
        self.img = torch.rand(n, 1, 8, 8, generator=g)
        self.mean = torch.randn(n, 6, generator=g) * 4
        self.pre_opt = 0.1 * torch.randn(n, 2, 7, generator=g)
        self.g = g

    def batch(self, n):
        i = torch.randint(0, len(self.img), (n,), generator=self.g)
        return i, self.img[i], self.mean[i] + 0.1 * torch.randn(n, 6, generator=self.g)


def ddpm_loss(denoiser, x0, g):
    t = torch.randint(0, 10, (x0.size(0),), generator=g)
    a = (1 - t / 10.0)[:, None] * 0.9 + 0.05
    noise = torch.randn(x0.shape, generator=g)
    return F.mse_loss(denoiser(a.sqrt() * x0 + (1 - a).sqrt() * noise, t), noise)


def cosine_warmup(optimizer, warm, total):
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda s: (
            s / warm if s < warm else 0.5 * (1 + torch.cos(torch.tensor(3.14159 * (s - warm) / total)).item())
        ),
    )


def pretrain_denoiser(denoiser, data, steps=10):
    opt = torch.optim.Adam(denoiser.parameters(), lr=1e-2)
    for _ in range(steps):
        loss = ddpm_loss(denoiser, data.batch(16)[2], data.g)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print("denoiser", loss.item())


def train_regression(hyper, data, steps=10):
    opt = torch.optim.AdamW(hyper.parameters(), lr=5e-3)
    for _ in range(steps):
        i, img, _ = data.batch(8)
        loss = F.mse_loss(hyper(img), data.pre_opt[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print("regression", loss.item())


def train_hyperdreambooth(hyper, denoiser, layers, data, steps=32, reg=0.001):
    params = [p for p in hyper.parameters() if p.requires_grad]
    opt = torch.optim.AdamW(params, lr=1e-2, weight_decay=1e-3)
    sched = cosine_warmup(opt, 3, steps)
    log = []
    for step in range(steps):
        i, img, x0 = data.batch(64)
        weights = hyper(img)
        for k, layer in enumerate(layers):
            layer.set_weight(weights[:, k])
        denoise = ddpm_loss(denoiser, x0, data.g)
        loss = denoise + reg * F.mse_loss(weights, data.pre_opt[i])
        loss.backward()
        nn.utils.clip_grad_norm_(params, 1.0)
        opt.step()
        sched.step()
        opt.zero_grad(set_to_none=True)
        log.append(denoise.item())
    print("hyperdreambooth first", sum(log[:4]) / 4, "last", sum(log[-4:]) / 4)


def main():
    data, denoiser = Identities(), Denoiser()
    pretrain_denoiser(denoiser, data)
    layers = denoiser.inject(4, 3)
    hyper = ImgWeightGenerator(layers[0].weight_dim, len(layers))
    train_regression(hyper, data)
    train_hyperdreambooth(hyper, denoiser, layers, data)


if __name__ == "__main__":
    main()
