"""LSTM emits main-net layers one after another, previous layer's summary is detached (documented truncation)."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class SeqHyper(nn.Module):
    def __init__(self, shapes, z=6, h=12):
        super().__init__()
        self.shapes = shapes
        self.z = nn.Embedding(len(shapes), z)
        self.cell = nn.LSTMCell(z + 2, h)
        self.out = nn.ModuleList(nn.Linear(h, torch.Size(s).numel()) for s in shapes)

    def forward(self):
        h = c = torch.zeros(1, 12)
        ws, stat = [], torch.zeros(1, 2)
        for i, (s, o) in enumerate(zip(self.shapes, self.out)):
            h, c = self.cell(torch.cat([self.z.weight[i : i + 1], stat], 1), (h, c))
            w = o(h).view(s)
            stat = torch.stack([w.mean(), w.std()]).detach()[None]
            ws.append(w)
        return ws


torch.manual_seed(0)
hyper = SeqHyper([(8, 5), (6, 8), (2, 6)])
opt = torch.optim.Adam(hyper.parameters(), lr=1e-3)
for i in range(8):
    x = torch.randn(16, 5)
    h = x
    for k, w in enumerate(hyper()):
        h = F.linear(h, w / w.detach().norm())
        h = F.relu(h) if k < 2 else h
    loss = F.cross_entropy(h, (x[:, 0] > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
