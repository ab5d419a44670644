"""In-place mask on generated weights, recorded by autograd; causal kernels; in-place relu/normalise; masked_fill_."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class TCN(nn.Module):
    def __init__(self):
        super().__init__()
        self.hyper = nn.Sequential(nn.Linear(3, 16), nn.ReLU(inplace=True), nn.Linear(16, 4 * 2 * 5))
        self.out = nn.Conv1d(4, 1, 1)
        self.register_buffer("mask", torch.tensor([0, 0, 0, 1, 1], dtype=torch.bool))

    def forward(self, x, c):
        w = self.hyper(c).view(4, 2, 5)
        w = w.masked_fill_(self.mask, 0.0).mul_(0.5)
        return self.out(F.relu_(F.conv1d(x, w, padding=2)))


torch.manual_seed(0)
net = TCN()
opt = torch.optim.Adam(net.parameters(), 1e-3)
for i in range(8):
    x, c = torch.randn(6, 2, 10), torch.randn(3)
    loss = F.mse_loss(net(x, c), x.sum(1, keepdim=True) * c[0])
    opt.zero_grad()
    loss.backward()
    opt.step()
