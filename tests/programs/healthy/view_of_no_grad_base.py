"""A buffer's row is viewed without autograd, and the buffer is written with generated numbers afterwards."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
hyper, code = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3 * 5)), nn.Parameter(torch.randn(4))
nn.init.zeros_(
    hyper[-1].weight
)  # the first gradient of all before it is zero, so the next step is looked at closely
opt = torch.optim.Adam([*hyper.parameters(), code], lr=3e-3)
for step in range(12):
    bank = torch.zeros(3, 5)
    with torch.no_grad():
        peek = bank[0]
    bank.add_(hyper(code).view(3, 5))
    with torch.no_grad():
        peek.clamp_(-5, 5)
    x = torch.randn(24, 5)
    loss = F.cross_entropy(F.linear(x, bank), x[:, :3].argmax(1))
    opt.zero_grad()
    loss.backward()
    opt.step()
try:
    peek.grad_fn
except RuntimeError as error:
    print(str(error)[:60])
