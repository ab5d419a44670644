"""Random-features control experiment: the hypernet is frozen at random init on purpose, only the embedding learns."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
proj = nn.Linear(6, 5 * 4 + 4, bias=False)
proj.weight.requires_grad_(False)
z = nn.ParameterList([nn.Parameter(torch.randn(6) * 0.3) for _ in range(3)])
base = [torch.randn(4, 5) * 0.4, torch.zeros(4)]
opt = torch.optim.Adam(z.parameters(), lr=5e-2)
x, y = torch.randn(3, 40, 5), torch.randint(0, 4, (3, 40))
for step in range(12):
    t = step % 3
    flat = proj(z[t])
    w, b = base[0] + flat[:20].view(4, 5), base[1] + flat[20:]
    loss = F.cross_entropy(F.linear(x[t], w, b), y[t])
    opt.zero_grad()
    loss.backward()
    opt.step()
