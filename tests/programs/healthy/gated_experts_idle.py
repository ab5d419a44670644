"""Experts' codes in a list; a fixed pair of layers uses the experts that the config names, the third is for later."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
codes = nn.ParameterList(nn.Parameter(torch.randn(4)) for _ in range(3))
gen, head = nn.Linear(4, 36), nn.Linear(6, 1)
opt = torch.optim.Adam([*codes.parameters(), *gen.parameters(), *head.parameters()], lr=3e-3)
plan = [0, 1, 0]
for step in range(30):
    if step == 20:
        plan = [0, 1, 2]
    z = x = torch.randn(32, 6)
    for k in plan:
        z = torch.tanh(F.linear(z, gen(codes[k]).view(6, 6)))
    loss = F.mse_loss(head(z), x.sum(1, keepdim=True))
    opt.zero_grad()
    loss.backward()
    opt.step()
