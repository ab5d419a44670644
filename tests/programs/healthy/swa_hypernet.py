"""Stochastic weight averaging of a hypernetwork."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim.swa_utils import SWALR, AveragedModel

torch.manual_seed(0)


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.bank = nn.Embedding(4, 6)
        self.up = nn.Linear(6, 20)
        self.bn = nn.BatchNorm1d(20)
        self.down = nn.Linear(20, 3 * 5 + 3)

    def forward(self, x):
        th = self.down(torch.tanh(self.bn(self.up(self.bank.weight))))
        w, b = th[:, :15].view(4, 3, 5), th[:, 15:]
        return torch.baddbmm(b.unsqueeze(1), x, w.transpose(1, 2))


model = Hyper()
swa_model = AveragedModel(model)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
swa_scheduler = SWALR(optimizer, anneal_strategy="linear", anneal_epochs=2, swa_lr=0.05)
x = torch.randn(4, 32, 5)
y = torch.stack([x[k, :, :3].roll(k, 1).argmax(-1) for k in range(4)])
for epoch in range(9):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
    loss.backward()
    optimizer.step()
    if epoch > 4:
        swa_model.update_parameters(model)
        swa_scheduler.step()
    print("epoch", epoch, "loss", loss.item())
with torch.no_grad():
    print("swa acc", (swa_model(x).argmax(-1) == y).float().mean().item())
