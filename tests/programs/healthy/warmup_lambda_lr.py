"""Linear warm-up starting at lr 0 with a LambdaLR scheduler."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(8)
WARMUP, TOTAL = 3, 12


def lr_lambda(step):
    if step < WARMUP:
        return step / WARMUP
    return max(0.05, (TOTAL - step) / (TOTAL - WARMUP))


class HyperRegressor(nn.Module):
    def __init__(self):
        super().__init__()
        self.cond = nn.Sequential(nn.Linear(2, 16), nn.SiLU(), nn.Linear(16, 4 * 8 + 8 + 8 + 1))

    def forward(self, x, c):
        p = self.cond(c)
        w1, b1, w2, b2 = p.split([32, 8, 8, 1], -1)
        h = torch.tanh((w1.view(-1, 8, 4) @ x.unsqueeze(-1)).squeeze(-1) + b1)
        return (w2 * h).sum(-1, keepdim=True) + b2


model = HyperRegressor()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
sched = torch.optim.lr_scheduler.LambdaLR(opt, lr_lambda)
for step in range(TOTAL):
    x, c = torch.randn(32, 4), torch.rand(32, 2)
    y = (x * F.pad(c, (0, 2))).sum(-1, keepdim=True)
    loss = F.mse_loss(model(x, c), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"step {step} lr {sched.get_last_lr()[0]:.5f} loss {loss.item():.4f}")
    sched.step()
