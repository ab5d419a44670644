import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.nn.utils.parametrize as P


class FromHyper(nn.Module):
    """Adds a generated delta to the base weight."""

    def __init__(self, hyper, shape):
        super().__init__()
        self.hyper, self.shape = hyper, shape
        self.cond = None

    def forward(self, w):
        if self.cond is None:
            return w
        return w + self.hyper(self.cond).view(self.shape)


class DeltaHyper(nn.Module):
    def __init__(self, c, n):
        super().__init__()
        self.l1, self.l2 = nn.Linear(c, 12), nn.Linear(12, n)
        nn.init.zeros_(self.l2.weight)
        nn.init.zeros_(self.l2.bias)

    def forward(self, c):
        return self.l2(F.silu(self.l1(c)))


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 2))
hypers = []
for i in (0, 2):
    mod = net[i]
    p = FromHyper(DeltaHyper(3, mod.weight.numel()), mod.weight.shape)
    P.register_parametrization(mod, "weight", p)
    mod.parametrizations.weight.original.requires_grad_(False)
    hypers.append(p)
params = [p for p in net.parameters() if p.requires_grad]
opt = torch.optim.AdamW(params, lr=1e-2)
for step in range(10):
    c = torch.randn(3)
    for h in hypers:
        h.cond = c
    x = torch.randn(16, 5)
    loss = F.cross_entropy(net(x), (x[:, 0] > c[0]).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
