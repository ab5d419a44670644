"""Tabular data with random feature masks; each row mask produces an inserted network, applied row group by row group."""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class InsertableNet:
    def __init__(self, weights, in_features, hidden, n_classes):
        sizes = [in_features * hidden, hidden, hidden * n_classes, n_classes]
        w1, b1, w2, b2 = torch.split(weights, sizes)
        self.l1 = (w1.reshape(hidden, in_features), b1)
        self.l2 = (w2.reshape(n_classes, hidden), b2)

    def __call__(self, data):
        return F.linear(F.leaky_relu(F.linear(data, *self.l1)), *self.l2)


class Hypernetwork(nn.Module):
    def __init__(self, inp=8, k=5, hidden=6, classes=3, masks=6):
        super().__init__()
        self.inp, self.k, self.h, self.c = inp, k, hidden, classes
        rng = np.random.RandomState(0)
        m = np.zeros((masks, inp), dtype=np.float32)
        for r in range(masks):
            m[r, rng.choice(inp, k, replace=False)] = 1
        self.register_buffer("template", torch.from_numpy(m))
        out = k * hidden + hidden + hidden * classes + classes
        self.model = nn.Sequential(nn.Linear(inp, 24), nn.LeakyReLU(), nn.BatchNorm1d(24), nn.Linear(24, out))

    def forward(self, data):
        nets = [InsertableNet(w, self.k, self.h, self.c) for w in self.model(self.template)]
        res = torch.zeros(len(data), self.c)
        for mask, net in zip(self.template, nets):
            res += net(data[:, mask.bool()])
        return res / len(nets)


torch.manual_seed(0)
hnet = Hypernetwork()
optimizer = torch.optim.Adam(hnet.parameters(), lr=3e-3)
criterion = nn.CrossEntropyLoss()
X = torch.randn(60, 8)
y = X[:, :3].argmax(1)
for epoch in range(8):
    hnet.train()
    optimizer.zero_grad()
    loss = criterion(hnet(X), y)
    loss.backward()
    optimizer.step()
    print("epoch", epoch, "loss", loss.item())
