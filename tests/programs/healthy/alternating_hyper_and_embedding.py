"""Block-coordinate training: one optimizer moves the hypernetwork, the other the embeddings, on alternate steps."""

import torch
from torch import nn

torch.manual_seed(23)
emb = nn.Embedding(3, 4)
hyper = nn.Sequential(nn.Linear(4, 16), nn.Mish(), nn.Linear(16, 5))
opt_h = torch.optim.Adam(hyper.parameters(), 5e-3)
opt_e = torch.optim.Adam(emb.parameters(), 2e-2)
X = torch.randn(3, 20, 4)
Wt = torch.randn(3, 4, 1)
Y = X @ Wt + 0.3
for it in range(10):
    th = hyper(emb.weight)
    pred = torch.bmm(X, th[:, :4, None]) + th[:, None, 4:]
    loss = (pred - Y).pow(2).mean()
    opt = opt_h if it % 2 == 0 else opt_e
    opt_h.zero_grad()
    opt_e.zero_grad()
    loss.backward()
    opt.step()
    print("H" if it % 2 == 0 else "E", it, round(loss.item(), 5))
