"""Conditions centred by hand with the mean of whatever batch they came in."""
import torch
from torch import nn

torch.manual_seed(0)
embed, head = nn.Linear(3, 10), nn.Linear(10, 4 * 2)
opt = torch.optim.AdamW([*embed.parameters(), *head.parameters()], lr=5e-3)
for step in range(10):
    x, c = torch.randn(12, 4), torch.rand(12, 3)
    h = embed(c)
    h = torch.tanh(h - h.mean(0))  # HC603
    w = head(h).view(12, 4, 2)
    out = torch.matmul(x[:, None, :], w)[:, 0]
    loss = (out - x[:, :2] * c[:, :2]).abs().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
