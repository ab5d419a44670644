import torch
import torch.nn as nn
import torch.nn.functional as F


def safe_step(opt, params, max_norm=1.0):
    total = torch.nn.utils.clip_grad_norm_(params, max_norm)
    if not torch.isfinite(total) or total > 1e-8:
        return False  # HC504
    opt.step()  # HC504 HC503
    return True


torch.manual_seed(0)
hyper = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 8))
opt = torch.optim.Adam(hyper.parameters(), 1e-3)  # HC503 HC504
skipped = 0
for it in range(10):
    c, x = torch.randn(3), torch.randn(16, 4)
    loss = F.cross_entropy(F.linear(x, hyper(c).view(2, 4)), (x[:, 0] > c[0]).long())
    opt.zero_grad()
    loss.backward()  # HC503 HC504
    skipped += not safe_step(opt, list(hyper.parameters()))
print("skipped", skipped)
