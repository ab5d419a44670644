"""Generated weights pruned gradually; hook keeps only live entries' gradients."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class PrunedHyper(nn.Module):
    def __init__(self, e, o, i):
        super().__init__()
        self.z = nn.Parameter(torch.randn(e))
        self.f = nn.Linear(e, o * i)
        self.register_buffer("keep", torch.ones(o, i))

    def forward(self):
        w = self.f(self.z).view_as(self.keep)
        if w.requires_grad:
            w.register_hook(lambda g, k=self.keep: g * k)
        return w * self.keep

    @torch.no_grad()
    def prune(self, share):
        w = self().abs()
        self.keep.copy_((w >= w.flatten().quantile(share)).float())


torch.manual_seed(0)
hyper, out = PrunedHyper(5, 3, 8), nn.Linear(3, 2)
opt = torch.optim.SGD([*hyper.parameters(), *out.parameters()], lr=0.1)
for step in range(18):
    if step in (6, 12):
        hyper.prune(0.25 * step / 6)
    x = torch.randn(32, 8)
    loss = F.cross_entropy(out(torch.tanh(F.linear(x, hyper()))), (x[:, 0] > x[:, 1]).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, f"{loss.item():.4f}", int(hyper.keep.sum()))
