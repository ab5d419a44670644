"""Hypernetwork training with early stopping; the best model is kept by deepcopy and restored at the end."""

from copy import deepcopy

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class EarlyStopping:
    def __init__(self, patience=2):
        self.patience, self.counter, self.best, self.state, self.stop = patience, 0, np.inf, None, False

    def __call__(self, val_loss, model):
        if val_loss < self.best - 1e-4:
            self.best, self.counter = val_loss, 0
            self.state = deepcopy(model.state_dict())
            self.best_model = deepcopy(model)
        else:
            self.counter += 1
            self.stop = self.counter >= self.patience


class HyperMLP(nn.Module):
    def __init__(self, cond=3, din=4, h=8):
        super().__init__()
        self.din, self.h = din, h
        self.gen1 = nn.Linear(cond, din * h)
        self.gen2 = nn.Linear(cond, h)
        self.bias = nn.Parameter(torch.zeros(h))

    def forward(self, x, c):
        w1, w2 = self.gen1(c).view(-1, self.h, self.din), self.gen2(c)
        h = torch.tanh(torch.einsum("bhi,bi->bh", w1, x) + self.bias)
        return torch.einsum("bh,bh->b", h, w2)


def data(n):
    x, c = torch.randn(n, 4), torch.rand(n, 3)
    return x, c, (x[:, :3] * c).sum(1)


torch.manual_seed(0)
model = HyperMLP()
opt = torch.optim.Adam(model.parameters(), lr=2e-2)
train, val = data(64), data(32)
stopper = EarlyStopping()
curves = {"train": [], "val": []}
for epoch in range(10):
    model.train()
    x, c, y = train
    loss = F.mse_loss(model(x, c), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    model.eval()
    with torch.no_grad():
        x, c, y = val
        vl = F.mse_loss(model(x, c), y).item()
    curves["train"].append(loss.detach().cpu().numpy().item())
    curves["val"].append(vl)
    stopper(vl, model)
    print(f"epoch {epoch} train {loss.item():.4f} val {vl:.4f}")
    if stopper.stop:
        break
model.load_state_dict(stopper.state)
print("best val", stopper.best, "params", sum(p.numel() for p in stopper.best_model.parameters()))
