"""Conditioning features come from a frozen pretrained encoder, under no_grad, cached."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Pretrained(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.bn = nn.BatchNorm2d(4)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x))).mean((2, 3))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Pretrained().eval()
        self.hyper = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 4 * 9 + 4))
        self.cls = nn.Linear(4, 2)

    def train(self, mode=True):
        super().train(mode)
        self.encoder.eval()
        return self

    def forward(self, x):
        with torch.no_grad():
            feat = self.encoder(x)
        p = self.hyper(feat)
        w, b = p[:, :36].reshape(-1, 1, 3, 3), p[:, 36:].reshape(-1)
        B = x.size(0)
        y = F.conv2d(x.view(1, B, *x.shape[2:]), w, b, padding=1, groups=B)
        return self.cls(F.relu(y).view(B, 4, -1).mean(-1))


torch.manual_seed(0)
model = Model().train()
opt = torch.optim.Adam((p for n, p in model.named_parameters() if not n.startswith("encoder")), lr=1e-3)
for i in range(8):
    x, y = torch.randn(8, 1, 6, 6), torch.randint(0, 2, (8,))
    loss = F.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
