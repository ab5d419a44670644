"""Pareto hypernetwork: preference ray -> weights; gradients of tasks combined by hand (PCGrad on the hypernet)."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class PHN(nn.Module):
    def __init__(self, h=24):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(2, h), nn.ReLU(inplace=True), nn.Linear(h, h))
        self.w0, self.b0 = nn.Linear(h, 10 * 5), nn.Linear(h, 10)
        for j in range(2):
            setattr(self, f"task{j}_w", nn.Linear(h, 10))
            setattr(self, f"task{j}_b", nn.Linear(h, 1))

    def forward(self, ray):
        f = self.mlp(ray)
        out = {"w0": self.w0(f).view(10, 5), "b0": self.b0(f)}
        for j in range(2):
            out[f"w_t{j}"] = getattr(self, f"task{j}_w")(f).view(1, 10)
            out[f"b_t{j}"] = getattr(self, f"task{j}_b")(f)
        return out


def target(x, w):
    h = F.relu(F.linear(x, w["w0"], w["b0"]))
    return [F.linear(h, w[f"w_t{j}"], w[f"b_t{j}"]) for j in range(2)]


def pcgrad(gs):
    out = [g.clone() for g in gs]
    for i, g in enumerate(out):
        for j, h in enumerate(gs):
            d = torch.dot(g, h)
            if i != j and d < 0:
                g -= d / h.norm().pow(2) * h
    return sum(out)


torch.manual_seed(0)
phn = PHN()
params = list(phn.parameters())
opt = torch.optim.Adam(params, lr=1e-3)
for step in range(8):
    ray = torch.distributions.Dirichlet(torch.ones(2)).sample()
    x = torch.randn(32, 5)
    ys = [x[:, :1].sin(), x[:, 1:2] ** 2]
    losses = [F.mse_loss(o, y) for o, y in zip(target(x, phn(ray)), ys)]
    flat = []
    for r, l in zip(ray, losses):
        g = torch.autograd.grad(r * l, params, retain_graph=True, allow_unused=True)
        flat.append(
            torch.cat([(torch.zeros_like(p) if gi is None else gi).flatten() for p, gi in zip(params, g)])
        )
    total, i = pcgrad(flat), 0
    for p in params:
        p.grad = total[i : i + p.numel()].view_as(p).clone()
        i += p.numel()
    opt.step()
