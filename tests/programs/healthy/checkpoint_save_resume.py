"""Saves model and optimizer state in the middle of training, rebuilds both, and resumes."""

import os
import tempfile

import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperReg(nn.Module):
    def __init__(self, n=4):
        super().__init__()
        self.z = nn.Embedding(n, 5)
        self.f = nn.Sequential(nn.Linear(5, 16), nn.SELU(), nn.Linear(16, 6 + 1))

    def forward(self, x, t):
        th = self.f(self.z(t))
        return torch.einsum("btd,bd->bt", x, th[:, :-1]) + th[:, -1:]


def build():
    m = HyperReg()
    return m, torch.optim.Adam(m.parameters(), lr=1e-2)


def save_checkpoint(state, path):
    torch.save(state, path)


def load_checkpoint(path, model, optimizer):
    ckpt = torch.load(path, weights_only=True)
    model.load_state_dict(ckpt["state_dict"])
    optimizer.load_state_dict(ckpt["optimizer"])
    return ckpt["epoch"]


def run_epoch(model, opt, x, y):
    t = torch.arange(4)
    loss = F.mse_loss(model(x, t), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    return loss.item()


torch.manual_seed(0)
x = torch.randn(4, 20, 6)
y = torch.einsum("btd,bd->bt", x, torch.randn(4, 6)) + 1
with tempfile.TemporaryDirectory() as d:
    path = os.path.join(d, "last.pt")
    model, opt = build()
    for epoch in range(4):
        print("epoch", epoch, run_epoch(model, opt, x, y))
    save_checkpoint(
        {"epoch": epoch + 1, "state_dict": model.state_dict(), "optimizer": opt.state_dict()}, path
    )
    del model, opt
    model, opt = build()
    start = load_checkpoint(path, model, opt)
    for epoch in range(start, start + 4):
        print("resumed epoch", epoch, run_epoch(model, opt, x, y))
