"""Batch norm over looked-up task embeddings of a mixed batch of tasks."""

import torch
from torch import nn

torch.manual_seed(0)
table = nn.Embedding(10, 6)
trunk = nn.Sequential(nn.Linear(6, 16, bias=False), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 4 * 3))
opt = torch.optim.Adam([*table.parameters(), *trunk.parameters()], lr=1e-2)
for step in range(10):
    task, x = torch.randint(10, (24,)), torch.randn(24, 4)
    w = trunk(table(task)).view(-1, 4, 3)
    loss = (torch.bmm(x.unsqueeze(1), w).squeeze(1) - x[:, :3] * (task[:, None] - 5) / 5).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
