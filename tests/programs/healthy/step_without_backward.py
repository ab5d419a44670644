"""A scheduler is primed by a step before the first backward, and empty batches lead to a step without one."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
hyper, code = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3 * 5)), nn.Parameter(torch.randn(4))
opt = torch.optim.Adam([*hyper.parameters(), code], lr=3e-3)
sched = torch.optim.lr_scheduler.StepLR(opt, 8)
opt.step()
for step in range(24):
    x = torch.randn(24, 5)
    keep = x[:, 0] > (5 if step % 3 == 2 else -1)
    opt.zero_grad()
    if keep.any():
        x = x[keep]
        F.cross_entropy(F.linear(x, hyper(code).view(3, 5)), x[:, :3].argmax(1)).backward()
    opt.step()
    sched.step()
