"""Generated weights of any size do no harm where a layer norm follows."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
code = nn.Parameter(torch.randn(6))
head = nn.Linear(6, 32 * 16)
nn.init.normal_(head.weight, std=1.0)
norm, readout = nn.LayerNorm(32), nn.Linear(32, 3)
opt = torch.optim.Adam([code, *head.parameters(), *norm.parameters(), *readout.parameters()], lr=1e-2)
x = torch.randn(64, 16)
y = x[:, :3].argmax(1)
for step in range(12):
    weight = head(code).view(32, 16)
    hidden = F.relu(norm(F.linear(x, weight)))
    loss = F.cross_entropy(readout(hidden), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
