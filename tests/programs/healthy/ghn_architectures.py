"""Graph hypernetwork predicting the parameters of several architectures."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

OPS = ["input", "linear", "gelu", "norm"]


class Arch:
    def __init__(self, layers):
        self.nodes = [("input", None)] + layers
        n = len(self.nodes)
        self.adj = torch.zeros(n, n)
        for i in range(n - 1):
            self.adj[i, i + 1] = 1


class GatedGNN(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.msg = nn.Sequential(nn.Linear(d, d), nn.SiLU())
        self.gru = nn.GRUCell(d, d)

    def forward(self, h, A):
        for mat in (A.t(), A):
            h = self.gru(mat @ self.msg(h), h)
        return h


class GHN(nn.Module):
    def __init__(self, d=16, mx=12):
        super().__init__()
        self.mx = mx
        self.op = nn.Embedding(len(OPS), d)
        self.shape_enc = nn.Linear(2, d)
        self.gnn = GatedGNN(d)
        self.dec_w = nn.Sequential(nn.Linear(d, 24), nn.SiLU(), nn.Linear(24, mx * mx))
        self.dec_b = nn.Linear(d, mx)
        self.dec_norm = nn.Linear(d, 2 * mx)

    def forward(self, arch):
        ids = torch.tensor([OPS.index(o) for o, _ in arch.nodes])
        shp = torch.tensor([s if s else (0, 0) for _, s in arch.nodes], dtype=torch.float) / self.mx
        h = self.gnn(self.op(ids) + self.shape_enc(shp), arch.adj)
        params = []
        for v, (o, s) in enumerate(arch.nodes):
            if o == "linear":
                W = self.dec_w(h[v]).view(self.mx, self.mx)[: s[1], : s[0]] * math.sqrt(2 / s[0])
                params.append((W, torch.tanh(0.2 * self.dec_b(h[v])[: s[1]])))
            elif o == "norm":
                g, b = self.dec_norm(h[v]).chunk(2)
                params.append((2 * torch.sigmoid(0.5 * g[: s[0]]), torch.tanh(0.2 * b[: s[0]])))
            else:
                params.append(None)
        return params


def run(arch, params, x):
    for (op, _), p in zip(arch.nodes, params):
        if op == "linear":
            x = F.linear(x, *p)
        elif op == "gelu":
            x = F.gelu(x)
        elif op == "norm":
            x = F.layer_norm(x, x.shape[-1:], *p)
    return x


archs = [
    Arch(
        [("linear", (6, 12)), ("gelu", None), ("linear", (12, 12)), ("norm", (12, 12)), ("linear", (12, 3))]
    ),
    Arch([("linear", (6, 8)), ("norm", (8, 8)), ("gelu", None), ("linear", (8, 3))]),
    Arch(
        [
            ("linear", (6, 12)),
            ("norm", (12, 12)),
            ("gelu", None),
            ("linear", (12, 10)),
            ("gelu", None),
            ("linear", (10, 3)),
        ]
    ),
]
torch.manual_seed(0)
ghn = GHN()
opt = torch.optim.AdamW(ghn.parameters(), lr=2e-3)
x = torch.randn(48, 6)
y = x[:, :3].argmax(1)
for step in range(9):
    opt.zero_grad()
    loss = 0
    for arch in archs:
        loss = loss + F.cross_entropy(run(arch, ghn(arch), x), y) / len(archs)
    loss.backward()
    nn.utils.clip_grad_norm_(ghn.parameters(), 5)
    opt.step()
    print(f"step {step} meta-batch loss {loss.item():.4f}")
