"""A gradient hook on the generated weight masks 'pruned' entries; mask and keep are mixed up."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class PrunedHyper(nn.Module):
    def __init__(self, e, o, i):
        super().__init__()
        self.z = nn.Parameter(torch.randn(e))
        self.f = nn.Linear(e, o * i)
        self.register_buffer("pruned", torch.zeros(o, i, dtype=torch.bool))

    def forward(self):
        w = self.f(self.z).view_as(self.pruned)
        if w.requires_grad:
            w.register_hook(lambda g: g * self.pruned)  # HC402 HC406 HC404
        return w.masked_fill(self.pruned, 0.0)

    def prune(self, share):
        w = self().detach().abs()
        self.pruned = w < w.flatten().quantile(share)


torch.manual_seed(0)
hyper = PrunedHyper(5, 3, 8)
out = nn.Linear(3, 2)
opt = torch.optim.SGD([*hyper.parameters(), *out.parameters()], lr=0.1)
for step in range(16):
    x = torch.randn(32, 8)
    loss = F.cross_entropy(out(torch.tanh(F.linear(x, hyper()))), (x[:, 0] > x[:, 1]).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, f"{loss.item():.4f}")
hyper.prune(0.5)
