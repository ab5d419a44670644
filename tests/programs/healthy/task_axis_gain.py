"""Six tasks in fixed places, fresh samples in each step: a gain for each task is a gain for each task."""

import torch
from torch import nn

torch.manual_seed(0)
tasks = 6
encoder, head = nn.Linear(4, 16), nn.Linear(16, 4 * 2)
gain = nn.Parameter(torch.ones(tasks, 1, 1))
opt = torch.optim.Adam([*encoder.parameters(), *head.parameters(), gain], lr=1e-2)
for step in range(10):
    support, query = torch.randn(tasks, 9, 4), torch.randn(tasks, 7, 4)
    w = head(torch.relu(encoder(support)).mean(1)).view(tasks, 4, 2)
    out = torch.bmm(query, w) * gain
    loss = (out - query[:, :, :2] * torch.arange(1.0, tasks + 1)[:, None, None]).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
