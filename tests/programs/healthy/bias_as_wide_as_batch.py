"""Twelve outputs and twelve samples: the bias belongs to the outputs."""

import torch
from torch import nn

torch.manual_seed(0)
hyper, bias = nn.Linear(5, 12 * 4), nn.Parameter(torch.zeros(12))
slope = nn.Parameter(torch.ones(1, 12))
opt = torch.optim.Adam([*hyper.parameters(), bias, slope], lr=1e-2)
for step in range(10):
    c, x = torch.randn(12, 5), torch.randn(12, 4)
    out = torch.bmm(hyper(c).view(12, 12, 4), x.unsqueeze(2)).squeeze(2) + bias
    out = out * torch.sigmoid(slope * out)
    loss = (out - x.repeat(1, 3) * c[:, :1]).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
