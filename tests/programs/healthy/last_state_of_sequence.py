"""Weights generated at every time step of one sequence; only the last ones are used."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
rnn, head = nn.GRU(3, 8), nn.Linear(8, 2 * 4 + 2)
opt = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=3e-3)
for step in range(15):
    context = torch.randn(7, 3)
    theta = head(rnn(context)[0])
    w, b = theta[-1, :8].view(2, 4), theta[-1, 8:]
    x = torch.randn(16, 4)
    loss = F.cross_entropy(F.linear(x, w, b), (x @ torch.ones(4) * context[-1, 0] > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
