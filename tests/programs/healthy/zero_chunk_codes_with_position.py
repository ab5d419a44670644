"""Chunk codes that begin at zero beside fixed position codes: the chunks differ from the start."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
codes = nn.Parameter(torch.zeros(5, 4))
position = torch.eye(5)
gen = nn.Sequential(nn.Linear(9, 16), nn.Tanh(), nn.Linear(16, 24))
opt = torch.optim.Adam([codes, *gen.parameters()], lr=1e-2)
x = torch.randn(32, 8)
for step in range(10):
    theta = gen(torch.cat([codes, position], 1)).flatten()
    w1, w2 = theta[:96].view(12, 8), theta[96:].view(2, 12)
    loss = (F.linear(torch.tanh(F.linear(x, w1)), w2) - x[:, :2]).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
