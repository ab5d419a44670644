"""Classifier-free-guidance-like: the condition is dropped (zeroed) at times; null embedding used only then; late-used head."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class DenoiserHyper(nn.Module):
    def __init__(self, d=6, c=4):
        super().__init__()
        self.null = nn.Parameter(torch.zeros(c))
        self.cond = nn.Embedding(5, c)
        self.time = nn.Sequential(nn.Linear(1, 16), nn.SiLU(), nn.Linear(16, c))
        self.ada = nn.Linear(c, 3 * d)
        nn.init.zeros_(self.ada.weight)
        nn.init.zeros_(self.ada.bias)
        self.norm, self.fc = nn.LayerNorm(d, elementwise_affine=False), nn.Linear(d, d)
        self.out = nn.Linear(d, d)

    def forward(self, x, t, y):
        drop = torch.rand(x.size(0), 1) < 0.1
        c = torch.where(drop, self.null, self.cond(y)) + self.time(t)
        shift, scale, gate = self.ada(F.silu(c)).chunk(3, -1)
        h = self.norm(x) * (1 + scale) + shift
        return self.out(x + gate * self.fc(h))


torch.manual_seed(0)
net = DenoiserHyper()
ema = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99))
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
for i in range(12):
    x0, y, t = torch.randn(8, 6), torch.randint(0, 5, (8,)), torch.rand(8, 1)
    noise = torch.randn_like(x0)
    xt = (1 - t) * x0 + t * noise
    loss = F.mse_loss(net(xt, t, y), noise - x0)
    opt.zero_grad()
    loss.backward()
    opt.step()
    ema.update_parameters(net)
