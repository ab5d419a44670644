"""Per-sample main networks through vmap over functional_call."""

import torch
import torch.nn as nn
from torch.func import functional_call, vmap

torch.manual_seed(0)
skeleton = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1)).to("meta")
shapes = {n: p.shape for n, p in skeleton.named_parameters()}
total = sum(s.numel() for s in shapes.values())

hyper = nn.Sequential(nn.Linear(4, 32), nn.SiLU(), nn.Linear(32, total))
opt = torch.optim.Adam(hyper.parameters(), lr=3e-3)


def unflatten(flat):
    chunks = flat.split([s.numel() for s in shapes.values()])
    return {n: c.view(s) for (n, s), c in zip(shapes.items(), chunks)}


def single(flat, x):
    return functional_call(skeleton, unflatten(flat), (x,))


batched = vmap(single)
for it in range(8):
    c = torch.randn(16, 4)
    x = torch.randn(16, 10, 3)
    y = (x * c[:, None, :3]).sum(-1, keepdim=True)
    loss = ((batched(hyper(c), x) - y) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"{it} {loss.item():.5f}")
