"""AdamW with decay and no-decay groups, tied by id(); attention with generated projections."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperAttention(nn.Module):
    def __init__(self, d=8, e=6):
        super().__init__()
        self.d = d
        self.code = nn.Parameter(torch.randn(e) * 0.5)
        self.to_q, self.to_k = nn.Linear(e, d * d), nn.Linear(e, d * d, bias=False)
        self.v, self.out = nn.Linear(d, d), nn.Linear(d, 2)

    def forward(self, x):
        q = F.linear(x, self.to_q(self.code).view(self.d, self.d))
        k = F.linear(x, self.to_k(self.code).view(self.d, self.d))
        a = torch.softmax(q @ k.mT / self.d**0.5, -1)
        return self.out((a @ self.v(x)).mean(1))


def configure_optimizer(model, lr=1e-3, wd=0.01):
    seen, decay, no_decay = set(), [], []
    for n, p in model.named_parameters():
        if id(p) in seen or not p.requires_grad:
            continue
        seen.add(id(p))
        (no_decay if p.ndim < 2 or n.endswith("bias") else decay).append(p)
    return torch.optim.AdamW(
        [{"params": decay, "weight_decay": wd}, {"params": no_decay, "weight_decay": 0.0}], lr=lr
    )


torch.manual_seed(0)
model = HyperAttention()
opt = configure_optimizer(model)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=5e-3, total_steps=15)
for it in range(15):
    x = torch.randn(16, 5, 8)
    loss = F.cross_entropy(model(x), (x[:, 0, 0] > x[:, 1, 0]).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    print(it, f"{loss.item():.4f}")
