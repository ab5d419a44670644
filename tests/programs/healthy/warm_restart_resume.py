"""Saves after 5 steps, builds everything anew, loads model and optimizer state, goes on; deepcopy of the best model kept."""

import copy
import io

import torch
import torch.nn as nn
import torch.nn.functional as F


def build():
    hyper = nn.ModuleDict({"z": nn.Embedding(2, 4), "f": nn.Linear(4, 15)})
    return hyper, torch.optim.AdamW(hyper.parameters(), lr=1e-2)


def train(hyper, opt, n):
    for i in range(n):
        x, y = torch.randn(16, 5), torch.randint(0, 3, (16,))
        w = hyper["f"](hyper["z"](torch.tensor(i % 2))).view(3, 5)
        loss = F.cross_entropy(F.linear(x, w), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    return loss.item()


torch.manual_seed(0)
hyper, opt = build()
train(hyper, opt, 5)
buf = io.BytesIO()
torch.save({"h": hyper.state_dict(), "o": opt.state_dict()}, buf)
hyper, opt = build()
buf.seek(0)
ck = torch.load(buf)
hyper.load_state_dict(ck["h"])
opt.load_state_dict(ck["o"])
best = copy.deepcopy(hyper)
train(hyper, opt, 6)
