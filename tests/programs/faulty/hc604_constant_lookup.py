"""Chunk codes that are all looked up in row zero: the index was never filled in."""
import torch
import torch.nn.functional as F
from torch import nn


class Chunks(nn.Module):
    def __init__(self, n=5, code=8, chunk=32):
        super().__init__()
        self.codes = nn.Embedding(n, code)
        self.n = n
        self.gen = nn.Sequential(nn.Linear(code, 32), nn.ReLU(), nn.Linear(32, chunk))

    def forward(self):
        which = torch.zeros(self.n, dtype=torch.long)
        return self.gen(self.codes(which)).reshape(-1)  # HC604


torch.manual_seed(0)
hyper = Chunks()
opt = torch.optim.Adam(hyper.parameters(), lr=5e-3)
for step in range(9):
    x = torch.randn(32, 6)
    y = (x.sum(1) > 0).long() + (x[:, 0] > 1).long()
    flat = hyper()
    w1, w2, b2 = flat[:96].view(16, 6), flat[96:144].view(3, 16), flat[144:147]
    loss = F.cross_entropy(F.linear(F.relu(F.linear(x, w1)), w2, b2), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
