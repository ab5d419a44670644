"""One main net per sample: vmap over functional_call with generated parameters."""
import torch
import torch.nn as nn
from torch.func import functional_call, vmap


class Cond(nn.Module):
    def __init__(self, cdim, spec):
        super().__init__()
        self.spec = spec
        self.body = nn.Sequential(nn.Linear(cdim, 24), nn.ReLU())
        self.w = nn.Linear(24, sum(v.numel() for v in spec.values()))

    def forward(self, c):
        flat = self.w(self.body(c))
        parts = torch.split(flat, [v.numel() for v in self.spec.values()], dim=1)
        return {k: p.reshape(-1, *s) for p, (k, s) in zip(parts, self.spec.items())}


torch.manual_seed(6)
inner = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 1))
feature = nn.Linear(5, 7)
hyper = Cond(7, {k: v.shape for k, v in inner.named_parameters()})
every = list(feature.parameters()) + list(hyper.parameters())
opt = torch.optim.Adam(every, lr=3e-3)


def apply_one(p, x):
    return functional_call(inner, p, (x,))


for step in range(8):
    ctx = torch.randn(9, 5)
    pts = torch.randn(9, 11, 2)
    y = pts.sum(-1, keepdim=True) * ctx[:, :1, None]
    context = torch.tanh(feature(ctx))
    p = hyper(context.detach())  # HC104
    out = vmap(apply_one)(p, pts)
    loss = (out - y).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, f"{loss.item():.6f}")
