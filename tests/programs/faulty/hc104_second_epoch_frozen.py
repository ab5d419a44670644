"""Gradual unfreezing goes wrong: after the first epoch, the hypernetwork is detached by a flag."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.film = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 20))
        self.fc1, self.fc2 = nn.Linear(5, 10), nn.Linear(10, 2)
        self.phase = 0

    def modulation(self, c):
        out = self.film(c)
        if self.phase >= 1:
            out = out.detach()  # HC104
        return out

    def forward(self, x, c):
        g, b = self.modulation(c).chunk(2, -1)
        return self.fc2(F.relu(self.fc1(x) * (1 + g) + b))


torch.manual_seed(0)
model = Model()
opt = torch.optim.Adam(model.parameters(), 1e-3)
xs, cs = torch.randn(80, 5), torch.randn(80, 3)
ys = ((xs[:, :3] * cs).sum(1) > 0).long()
for epoch in range(4):
    model.phase = epoch
    for i in range(0, 80, 16):
        sl = slice(i, i + 16)
        loss = F.cross_entropy(model(xs[sl], cs[sl]), ys[sl])
        opt.zero_grad()
        loss.backward()
        opt.step()
