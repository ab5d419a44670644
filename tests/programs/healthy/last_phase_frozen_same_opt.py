"""Fine-tuning in the last epochs: the hypernet's requires_grad is switched off on purpose, same optimizer (grads None are skipped)."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Sys(nn.Module):
    def __init__(self):
        super().__init__()
        self.hyper = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 20))
        self.head = nn.Linear(4, 2)

    def freeze_hyper(self):
        """Freeze the hypernetwork for the calibration phase."""
        self.hyper.requires_grad_(False)
        self.hyper.eval()

    def forward(self, x, c):
        return self.head(torch.tanh(F.linear(x, self.hyper(c).view(4, 5))))


torch.manual_seed(0)
s = Sys()
opt = torch.optim.Adam(s.parameters(), 1e-3)
for epoch in range(4):
    if epoch == 3:
        s.freeze_hyper()
    for it in range(4):
        c, x = torch.randn(3), torch.randn(16, 5)
        loss = F.cross_entropy(s(x, c), (x[:, 0] > c[0]).long())
        opt.zero_grad()
        loss.backward()
        opt.step()
