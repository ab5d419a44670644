"""Two-branch: generated decoder's reconstruction used for the loss, plain teacher decoder (frozen) for a metric only."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
enc, teacher = nn.Linear(8, 3), nn.Linear(3, 8).requires_grad_(False)
hyper = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 24))
opt = torch.optim.Adam([*enc.parameters(), *hyper.parameters()], lr=1e-3)
for i in range(8):
    x = torch.randn(16, 8)
    z = enc(x)
    rec = torch.bmm(hyper(z).view(-1, 8, 3), z.unsqueeze(-1)).squeeze(-1)
    loss = F.mse_loss(rec, x)
    gap = (teacher(z) - rec).abs().mean().item()
    opt.zero_grad()
    loss.backward()
    opt.step()
