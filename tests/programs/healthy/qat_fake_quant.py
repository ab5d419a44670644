"""Quantisation-aware training of generated weights with a custom autograd function."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class RoundSTE(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.round(x)

    @staticmethod
    def backward(ctx, g):
        return g


class FakeQuant(nn.Module):
    def __init__(self, bits=6):
        super().__init__()
        self.qmax = 2 ** (bits - 1) - 1
        self.log_scale = nn.Parameter(torch.tensor(-3.0))

    def forward(self, w):
        s = self.log_scale.exp()
        q = RoundSTE.apply(w / s)
        return torch.clamp(q, -self.qmax - 1, self.qmax) * s


class QHyper(nn.Module):
    def __init__(self, dims=(8, 12, 3), emb=5):
        super().__init__()
        self.dims = dims
        self.e = nn.Parameter(torch.randn(len(dims) - 1, emb))
        self.heads = nn.ModuleList(nn.Linear(emb, a * b) for a, b in zip(dims, dims[1:]))
        self.biases = nn.ParameterList(nn.Parameter(torch.zeros(b)) for b in dims[1:])
        self.quant = nn.ModuleList(FakeQuant() for _ in dims[1:])

    def forward(self, x):
        for k, (a, b) in enumerate(zip(self.dims, self.dims[1:])):
            w = self.quant[k](self.heads[k](self.e[k]).view(b, a))
            x = F.linear(x, w, self.biases[k])
            x = F.leaky_relu(x) if k < len(self.dims) - 2 else x
        return x


torch.manual_seed(3)
m = QHyper()
opt = torch.optim.AdamW(m.parameters(), lr=5e-3)
x = torch.randn(64, 8)
y = x[:, :3].argmax(1)
for s in range(10):
    opt.zero_grad()
    l = F.cross_entropy(m(x), y)
    l.backward()
    opt.step()
    print(f"{s}\t{l.item():.4f}\tscales {[round(q.log_scale.exp().item(), 4) for q in m.quant]}")
