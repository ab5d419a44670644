"""Adapters generated from (task, layer): both codes are projected and fused."""
import torch
from torch import nn


class HyperFormerish(nn.Module):
    def __init__(self, tasks=2, layers=2, e=4, d=6, r=2):
        super().__init__()
        self.task, self.layer = nn.Embedding(tasks, e), nn.Embedding(layers, e)
        self.fuse = nn.Linear(2 * e, 8)
        self.refine = nn.Sequential(nn.Linear(8, 8), nn.ReLU())
        self.down, self.up = nn.Linear(8, d * r), nn.Linear(8, r * d)
        self.d, self.r = d, r

    def forward(self, t, l):
        z = torch.cat([self.task(t), self.layer(l)], -1)
        z = torch.relu(self.fuse(z))
        refined = z + self.refine(z)  # HC401
        return self.down(z).view(self.d, self.r), self.up(z).view(self.r, self.d)  # HC401


class Net(nn.Module):
    def __init__(self, d=6):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(d, d) for _ in range(2))
        self.hyper = HyperFormerish(d=d)
        self.cls = nn.Linear(d, 2)

    def forward(self, x, t):
        for i, lin in enumerate(self.layers):
            down, up = self.hyper(t, torch.tensor(i))
            h = torch.tanh(lin(x))
            x = h + torch.relu(h @ down) @ up
        return self.cls(x)


torch.manual_seed(53)
net = Net()
optim = torch.optim.AdamW(net.parameters(), lr=2e-3)
for s in range(8):
    t = torch.tensor(s % 2)
    x = torch.randn(16, 6)
    y = (x[:, s % 2] > 0).long()
    loss = nn.functional.cross_entropy(net(x, t), y)
    optim.zero_grad()
    loss.backward()
    optim.step()
    print(s, loss.item())
