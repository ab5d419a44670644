"""The generator went through torch.export; the main network stays in Python."""

import torch
import torch.nn as nn

torch.manual_seed(60)
example = (torch.randn(8, 3),)
generator = torch.export.export(
    nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 4)), example
).module()
bias = nn.Parameter(torch.zeros(2))
opt = torch.optim.Adam([*generator.parameters(), bias], lr=1e-2)
for step in range(7):
    context, x = torch.randn(8, 3), torch.randn(8, 5, 2)
    y = x * context[:, None, :2]
    w = generator(context).view(8, 2, 2)
    loss = (torch.bmm(x, w) + bias - y).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
