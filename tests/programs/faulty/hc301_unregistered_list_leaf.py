"""Latent codes of an auto-decoder in a python list of tensors, lazily created, never given to the optimizer."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class AutoDecoder(nn.Module):
    def __init__(self, d=6):
        super().__init__()
        self.codes = {}
        self.d = d
        self.gen = nn.Sequential(nn.Linear(d, 24), nn.ReLU(), nn.Linear(24, 2 * 8 + 8 + 8 + 1))

    def code(self, i):
        if i not in self.codes:
            self.codes[i] = torch.zeros(self.d).normal_(0, 0.1).requires_grad_()  # HC301
        return self.codes[i]

    def forward(self, xy, i):
        w1, b1, w2, b2 = self.gen(self.code(i)).split([16, 8, 8, 1])
        return torch.sin(8 * (xy @ w1.view(2, 8) + b1)) @ w2.view(8, 1) + b2


torch.manual_seed(0)
model = AutoDecoder()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
xy = torch.rand(40, 2)
imgs = torch.rand(3, 40, 1)
for i in range(12):
    loss = F.mse_loss(model(xy, i % 3), imgs[i % 3])
    opt.zero_grad()
    loss.backward()
    opt.step()
