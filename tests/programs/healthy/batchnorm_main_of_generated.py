"""Batch norm in the main network, behind per-sample generated weights: an ordinary layer."""

import torch
from torch import nn

torch.manual_seed(0)
hyper = nn.Sequential(nn.Linear(5, 16), nn.LayerNorm(16), nn.ReLU(), nn.Linear(16, 4 * 8))
main = nn.Sequential(nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
opt = torch.optim.Adam([*hyper.parameters(), *main.parameters()], lr=1e-2)
for step in range(10):
    x, c = torch.randn(16, 4), torch.randn(16, 5)
    hidden = torch.bmm(x.unsqueeze(1), hyper(c).view(-1, 4, 8)).squeeze(1)
    loss = nn.functional.cross_entropy(main(hidden), (x[:, :3] * c[:, :3]).argmax(1))
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
