import torch
import torch.nn as nn
import torch.nn.functional as F


class LoRALinear(nn.Module):
    def __init__(self, base, r=3, alpha=6):
        super().__init__()
        self.base, self.r, self.scaling = base, r, alpha / r
        self.A = self.B = None
        for p in base.parameters():
            p.requires_grad = False

    def forward(self, x):
        out = self.base(x)
        if self.A is not None:
            out = out + F.linear(F.linear(x, self.A), self.B) * self.scaling
        return out


class LoRAHyper(nn.Module):
    def __init__(self, layers, d, cond=5):
        super().__init__()
        self.layers = layers
        self.body = nn.Sequential(nn.Linear(cond, 32), nn.SiLU())
        self.to_A = nn.ModuleList(nn.Linear(32, m.r * m.base.in_features) for m in layers)
        self.to_B = nn.ModuleList(nn.Linear(32, m.r * m.base.out_features) for m in layers)
        for b in self.to_B:
            nn.init.zeros_(b.weight)
            nn.init.zeros_(b.bias)

    def inject(self, c):
        h = self.body(c)
        for m, a, b in zip(self.layers, self.to_A, self.to_B):
            m.A = a(h).view(m.r, -1)
            m.B = b(h).view(-1, m.r)


torch.manual_seed(0)
l1, l2 = LoRALinear(nn.Linear(7, 16)), LoRALinear(nn.Linear(16, 3))
model = nn.Sequential(l1, nn.ReLU(), l2)
hyper = LoRAHyper([l1, l2], 7)
del hyper.layers
hyper.layers = [l1, l2]
opt = torch.optim.AdamW(filter(lambda p: p.requires_grad, hyper.parameters()), lr=3e-3)
sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1.0, s / 4))
for step in range(12):
    c, x = torch.randn(5), torch.randn(16, 7)
    y = torch.randint(0, 3, (16,))
    hyper.inject(c)
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(hyper.parameters(), 1.0)
    opt.step()
    sched.step()
    opt.zero_grad()
