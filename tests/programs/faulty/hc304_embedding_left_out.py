"""Condition = learned client vector. Per-client linear models from a hypernetwork (bmm)."""
import torch
from torch import nn


class ClientVectors(nn.Module):
    def __init__(self, n, d):
        super().__init__()
        self.table = nn.Embedding(n, d)

    def forward(self, i):
        return self.table(i)


class WeightNet(nn.Module):
    def __init__(self, d, fin, fout):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(d, 16), nn.ReLU(), nn.Linear(16, fin * fout))
        self.fin, self.fout = fin, fout

    def forward(self, v):
        return self.f(v).view(-1, self.fin, self.fout)


class Trainer:
    def __init__(self, n_clients=5):
        self.vectors = ClientVectors(n_clients, 4)
        self.weights = WeightNet(4, 6, 2)
        self.n = n_clients
        self.opt = torch.optim.AdamW(self.weights.parameters(), lr=2e-3)  # HC304

    def zero(self):
        for m in (self.vectors, self.weights):
            m.zero_grad(set_to_none=True)

    def step(self):
        who = torch.arange(self.n)
        x = torch.randn(self.n, 16, 6)
        y = ((x.mean(-1) + who[:, None] * 0.1) > 0).long()
        logits = torch.bmm(x, self.weights(self.vectors(who)))
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten())
        self.zero()
        loss.backward()
        self.opt.step()
        return loss.item()


torch.manual_seed(43)
tr = Trainer()
for i in range(9):
    print("step", i, tr.step())
