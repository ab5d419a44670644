"""Holder objects for externally provided weights, filled inside a context manager."""

from contextlib import contextmanager

import torch
import torch.nn as nn
import torch.nn.functional as F


class ExternalParameter:
    def __init__(self, shape):
        self.shape = tuple(shape)
        self.data = None

    def __repr__(self):
        return f"ExternalParameter(shape={self.shape})"


class ExternalLinear(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.ext = {"weight": ExternalParameter((o, i)), "bias": ExternalParameter((o,))}

    def forward(self, x):
        return F.linear(x, self.ext["weight"].data, self.ext["bias"].data)


class MainNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = ExternalLinear(4, 10), ExternalLinear(10, 2)

    def externals(self):
        return {f"{n}.{k}": v for n, m in self.named_children() for k, v in m.ext.items()}

    @contextmanager
    def using_externals(self, values):
        ext = self.externals()
        for k, v in values.items():
            if tuple(v.shape) != ext[k].shape:
                raise ValueError(f"wrong shape for {k}")
            ext[k].data = v
        try:
            yield self
        finally:
            for e in ext.values():
                e.data = None

    def forward(self, x):
        return self.b(F.leaky_relu(self.a(x)))


class HyperNet(nn.Module):
    def __init__(self, h_dim, shapes):
        super().__init__()
        self.shapes = shapes
        self.backbone = nn.Sequential(nn.Linear(2 * h_dim, 16), nn.LeakyReLU())
        self.heads = nn.ModuleList(nn.Linear(16, torch.Size(s).numel(), bias=False) for s in shapes.values())
        self.independent = nn.ParameterList(
            nn.Parameter(torch.randn(s) * (2 / s[-1]) ** 0.5 if len(s) > 1 else torch.zeros(s))
            for s in shapes.values()
        )

    def forward(self, h):
        enc = torch.cat([torch.cos(torch.pi * h / 2), torch.sin(torch.pi * h / 2)], -1)
        z = self.backbone(enc)
        return {
            k: t0 + 0.1 * head(z).view(s)
            for (k, s), head, t0 in zip(self.shapes.items(), self.heads, self.independent)
        }


torch.manual_seed(5)
main = MainNet()
hyper = HyperNet(1, {k: e.shape for k, e in main.externals().items()})
opt = torch.optim.Adam(hyper.parameters(), lr=3e-3)
for step in range(8):
    opt.zero_grad()
    h = torch.rand(1)
    x = torch.randn(32, 4)
    target = torch.stack([h * x[:, 0] + (1 - h) * x[:, 1], x[:, 2] * x[:, 3]], 1)
    with main.using_externals(hyper(h)):
        loss = F.mse_loss(main(x), target)
    loss.backward()
    opt.step()
    print(f"step {step}: h={h.item():.2f} loss={loss.item():.4f}")
