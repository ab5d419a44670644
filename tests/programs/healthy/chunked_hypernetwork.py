"""Chunked hypernetwork: one small generator produces the weight vector piece by piece."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class ChunkedHyperNetwork(nn.Module):
    def __init__(self, dims, chunk_size=32, chunk_emb=5, n_tasks=2, task_emb=3):
        super().__init__()
        self.dims = dims
        self.num_params = sum(i * o + o for i, o in zip(dims, dims[1:]))
        self.n_chunks = math.ceil(self.num_params / chunk_size)
        self.chunk_emb = nn.Embedding(self.n_chunks, chunk_emb)
        self.task_emb = nn.Embedding(n_tasks, task_emb)
        self.mlp = nn.Sequential(nn.Linear(chunk_emb + task_emb, 24), nn.Tanh(), nn.Linear(24, chunk_size))

    def forward(self, task):
        c = self.chunk_emb.weight
        e = self.task_emb(task).expand(self.n_chunks, -1)
        flat = self.mlp(torch.cat([c, e], 1)).flatten()[: self.num_params]
        out, s = [], 0
        for i, o in zip(self.dims, self.dims[1:]):
            w = flat[s : s + i * o].view(o, i)
            b = flat[s + i * o : s + i * o + o]
            s += i * o + o
            out.append((w, b))
        return out


def forward_main(x, ws):
    for n, (w, b) in enumerate(ws):
        x = F.linear(x, w, b)
        if n < len(ws) - 1:
            x = torch.tanh(x)
    return x


torch.manual_seed(0)
hnet = ChunkedHyperNetwork((7, 11, 3))
print("main params", hnet.num_params, "chunks", hnet.n_chunks)
opt = torch.optim.Adam(hnet.parameters(), lr=5e-3)
x = torch.randn(40, 7)
ys = [x[:, :3].argmax(1), x[:, 3:6].argmax(1)]
for step in range(8):
    loss = sum(F.cross_entropy(forward_main(x, hnet(torch.tensor(t))), ys[t]) for t in range(2)) / 2
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"{step}: {loss.item():.4f}")
