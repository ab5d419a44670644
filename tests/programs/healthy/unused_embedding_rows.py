"""Sparse embedding, only some clients take part; SparseAdam for the table, Adam for the rest."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
table = nn.Embedding(1000, 8, sparse=True)
hyper = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 5 * 3 + 3))
o1 = torch.optim.SparseAdam(table.parameters(), lr=1e-2)
o2 = torch.optim.Adam(hyper.parameters(), lr=1e-3)
for r in range(10):
    clients = torch.randperm(1000)[:6]
    p = hyper(table(clients))
    W, b = p[:, :15].reshape(6, 3, 5), p[:, 15:]
    x = torch.randn(6, 10, 5)
    y = torch.randint(0, 3, (6, 10))
    out = x @ W.mT + b[:, None]
    loss = F.cross_entropy(out.flatten(0, 1), y.flatten())
    o1.zero_grad()
    o2.zero_grad()
    loss.backward()
    o1.step()
    o2.step()
