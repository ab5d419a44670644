"""Trainer with callbacks, dataclass config, DataLoader, gradient clipping, checkpoint resume; weights cached per eval."""

from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Config:
    dims: tuple = (5, 8, 2)
    emb: int = 4
    lr: float = 1e-3
    epochs: int = 3


class HyperMain(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.cfg = cfg
        self.z = nn.Parameter(torch.randn(cfg.emb))
        n = sum(i * o + o for i, o in zip(cfg.dims, cfg.dims[1:]))
        self.f = nn.Sequential(nn.Linear(cfg.emb, 16), nn.Mish(), nn.Linear(16, n))
        self._cached = None

    def generate(self):
        return self.f(self.z)

    def train(self, mode=True):
        self._cached = None
        return super().train(mode)

    def forward(self, x):
        if self.training:
            flat = self.generate()
        else:
            if self._cached is None:
                with torch.no_grad():
                    self._cached = self.generate()
            flat = self._cached
        k = 0
        for n, (i, o) in enumerate(zip(self.cfg.dims, self.cfg.dims[1:])):
            w, b = flat[k : k + i * o].view(o, i), flat[k + i * o : k + i * o + o]
            k += i * o + o
            x = F.linear(x, w, b)
            if n < len(self.cfg.dims) - 2:
                x = F.mish(x)
        return x


class Trainer:
    def __init__(self, model, cfg):
        self.model, self.cfg = model, cfg
        self.opt = torch.optim.Adam(model.parameters(), cfg.lr)
        self.callbacks = [self.evaluate, self.checkpoint]

    def fit(self, train, val):
        self.val = val
        for _ in range(self.cfg.epochs):
            self.model.train()
            for x, y in train:
                self.opt.zero_grad()
                loss = F.cross_entropy(self.model(x), y)
                loss.backward()
                nn.utils.clip_grad_value_(self.model.parameters(), 0.5)
                self.opt.step()
            for c in self.callbacks:
                c()

    def evaluate(self):
        self.model.eval()
        with torch.inference_mode():
            print(sum((self.model(x).argmax(1) == y).sum().item() for x, y in self.val))

    def checkpoint(self):
        state = {"m": self.model.state_dict(), "o": self.opt.state_dict()}
        self.model.load_state_dict(state["m"])
        self.opt.load_state_dict(state["o"])


torch.manual_seed(0)
ds = TensorDataset(torch.randn(64, 5), torch.randint(0, 2, (64,)))
cfg = Config()
Trainer(HyperMain(cfg), cfg).fit(DataLoader(ds, 16, shuffle=True), DataLoader(ds, 32))
