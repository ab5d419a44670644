"""Conditional coefficients: text tower + hyper head, scaling the rows of a dense layer."""
import torch
from torch import nn


class Tower(nn.Module):
    def __init__(self, vocab=12, d=8):
        super().__init__()
        self.tok = nn.Embedding(vocab, d)
        self.mix = nn.Linear(d, d)

    @torch.inference_mode()  # HC106
    def encode(self, ids):
        return torch.tanh(self.mix(self.tok(ids).mean(1)))


class RowScaled(nn.Module):
    def __init__(self, d_in, d_out, d_cond):
        super().__init__()
        self.base = nn.Linear(d_in, d_out)
        self.scale = nn.Linear(d_cond, d_out)

    def forward(self, x, c):
        return self.base(x) * (1.0 + self.scale(c))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.tower = Tower()
        self.l1 = RowScaled(4, 8, 8)
        self.l2 = RowScaled(8, 1, 8)

    def forward(self, x, ids):
        c = self.tower.encode(ids).clone()
        return self.l2(torch.relu(self.l1(x, c)), c)


torch.manual_seed(55)
m = Model()
opt = torch.optim.AdamW(m.parameters(), lr=5e-3)
for s in range(7):
    ids = torch.randint(0, 12, (10, 3))
    x = torch.randn(10, 4)
    y = x.sum(1, keepdim=True) * (ids[:, :1] % 2)
    loss = nn.functional.mse_loss(m(x, ids), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("s", s, "mse", round(loss.item(), 5))
