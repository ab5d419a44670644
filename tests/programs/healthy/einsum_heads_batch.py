"""Data-conditioned hypernet; per-sample layers by einsum, weights laid out output-major then transposed on purpose."""

import torch
import torch.nn as nn


class PerSample(nn.Module):
    def __init__(self, cond, d=8, out=3, heads=2):
        super().__init__()
        self.d, self.out, self.heads = d, out, heads
        self.enc = nn.Sequential(nn.Linear(cond, 32), nn.SiLU())
        self.w1 = nn.Linear(32, d * d)
        self.w2 = nn.Linear(32, d * out)

    def forward(self, x, c):
        b = len(c)
        h = self.enc(c)
        w1 = self.w1(h).view(b, self.heads, self.d // self.heads, self.d).transpose(0, 1)
        w2 = self.w2(h).view(b, self.d, self.out).transpose(1, 2) / self.d**0.5
        y = torch.tanh(torch.einsum("hboi,bti->bhto", w1, x) / self.d**0.5)
        y = y.permute(0, 2, 1, 3).flatten(2)
        return torch.einsum("boi,bti->bto", w2, y)


class Trainer:
    def __init__(self, model, optimizer, callbacks):
        self.model, self.optimizer, self.callbacks = model, optimizer, callbacks
        self.step, self.last = 0, float("nan")

    def fit(self, batches):
        for x, c, y in batches:
            self.optimizer.zero_grad()
            loss = ((self.model(x, c) - y) ** 2).mean()
            loss.backward()
            self.optimizer.step()
            self.step, self.last = self.step + 1, loss.item()
            for cb in self.callbacks:
                cb(self)


def batches(n):
    for _ in range(n):
        c = torch.randn(12, 4)
        x = torch.randn(12, 5, 8)
        yield x, c, torch.stack([x[..., 0] * c[:, :1], x[..., 1] + c[:, 1:2], x[..., 2]], -1)


torch.manual_seed(2)
model = PerSample(4)
log = lambda t: print(t.step, f"{t.last:.4f}") if t.step % 4 == 0 else None
Trainer(model, torch.optim.Adam(model.parameters(), lr=2e-3), [log]).fit(batches(16))
