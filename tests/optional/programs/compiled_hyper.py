"""Hypernetwork and main network under torch.compile."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(14)


class HyperRegressor(nn.Module):
    def __init__(self, tasks):
        super().__init__()
        self.codes = nn.Embedding(tasks, 4)
        self.net = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3 * 6 + 6))
        self.out = nn.Linear(6, 1)

    def forward(self, x, task):
        flat = self.net(self.codes(task))
        w, b = flat[:18].view(6, 3), flat[18:]
        return self.out(torch.tanh(F.linear(x, w, b)))


model = HyperRegressor(3)
fast = torch.compile(model, backend="eager")
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for step in range(9):
    task = torch.tensor(step % 3)
    x = torch.randn(32, 3)
    y = x.sum(1, keepdim=True) * (task + 1)
    loss = F.mse_loss(fast(x, task), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
