"""GHN-like: node states are collected in a list and decoded together."""

import torch
import torch.nn as nn
import torch.nn.functional as F

OPS = {"in": 0, "lin": 1, "relu": 2, "out": 3}


class GHN(nn.Module):
    def __init__(self, d=8, rounds=2, width=6):
        super().__init__()
        self.op = nn.Embedding(len(OPS), d)
        self.msg = nn.Linear(d, d)
        self.gru = nn.GRUCell(d, d)
        self.dec_w = nn.Linear(d, width * width)
        self.dec_b = nn.Linear(d, width)
        self.rounds, self.width = rounds, width
        nn.init.normal_(self.dec_w.weight, std=0.1)

    def encode(self, ops, edges):
        h = list(self.op(torch.tensor([OPS[o] for o in ops])).unbind(0))
        for _ in range(self.rounds):
            for v in range(len(ops)):
                prev = [h[u] for u, t in edges if t == v]
                m = torch.stack([self.msg(p) for p in prev]).sum(0) if prev else torch.zeros_like(h[v])
                h[v] = self.gru(m[None], h[v][None])[0]
        return h

    def forward(self, ops, edges):
        h = self.encode(ops, edges)
        states = torch.stack(h)
        w = self.dec_w(states).view(-1, self.width, self.width)
        return w, self.dec_b(states)


def run(ops, edges, w, b, x):
    out = {0: x}
    for v in range(1, len(ops)):
        z = sum(out[u] for u, t in edges if t == v)
        out[v] = F.linear(z, w[v], b[v]) if ops[v] in ("lin", "out") else F.relu(z)
    return out[len(ops) - 1]


ARCHS = [
    (["in", "lin", "relu", "out"], [(0, 1), (1, 2), (2, 3)]),
    (["in", "lin", "lin", "relu", "out"], [(0, 1), (0, 2), (1, 3), (2, 3), (3, 4)]),
]


def main():
    torch.manual_seed(0)
    ghn = GHN()
    opt = torch.optim.Adam(ghn.parameters(), lr=2e-3)
    target = torch.randn(6, 6)
    for step in range(12):
        ops, edges = ARCHS[step % 2]
        x = torch.randn(16, 6)
        loss = F.mse_loss(run(ops, edges, *ghn(ops, edges), x), x @ target)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(loss.item())


main()
