"""Proto-networks whose prototypes are turned into the weight and bias of a linear head (2c, -|c|^2)."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(30)
embed = nn.Sequential(nn.Conv1d(1, 6, 3), nn.GELU(), nn.AdaptiveAvgPool1d(4), nn.Flatten(), nn.Linear(24, 8))
opt = torch.optim.Adam(embed.parameters(), 3e-3)
signals = torch.randn(6, 1, 16)
for ep in range(8):
    ways = torch.randperm(6)[:4]
    s = signals[ways].repeat_interleave(3, 0) + 0.3 * torch.randn(12, 1, 16)
    q = signals[ways].repeat_interleave(5, 0) + 0.3 * torch.randn(20, 1, 16)
    c = embed(s).view(4, 3, -1).mean(1)
    weight, bias = 2 * c, -c.pow(2).sum(1)
    logits = F.linear(embed(q), weight, bias)
    loss = F.cross_entropy(logits, torch.arange(4).repeat_interleave(5))
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(ep, round(loss.item(), 4))
