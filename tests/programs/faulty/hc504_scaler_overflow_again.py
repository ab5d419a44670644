import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
hyper = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 4 * 6))
out = nn.Linear(4, 1)
params = [*hyper.parameters(), *out.parameters()]
opt = torch.optim.Adam(params, 1e-3)
scaler = torch.amp.GradScaler("cpu", init_scale=2.0**126, growth_interval=1, growth_factor=2.0, backoff_factor=0.999)
for it in range(10):
    c, x = torch.randn(3), torch.randn(16, 6) * 100
    h = F.linear(x, hyper(c).view(4, 6))
    loss = F.mse_loss(out(h), x.sum(1, keepdim=True))
    opt.zero_grad()
    scaler.scale(loss).backward()
    scaler.step(opt)  # HC504
    scaler.update()
