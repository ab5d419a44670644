"""Chunked hypernetwork (learned chunk embeddings) for an MLP 6-10-2."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(5)
dims = [6, 10, 2]
P = sum(a * b + b for a, b in zip(dims, dims[1:]))


class ChunkedHyper(nn.Module):
    def __init__(self, n_params, chunk_size=16, emb=6):
        super().__init__()
        self.n_params = n_params
        self.chunks = nn.Embedding(n_params // 2, emb)  # HC203
        self.gen = nn.Sequential(nn.Linear(emb, 24), nn.ReLU(), nn.Linear(24, chunk_size))

    def forward(self):
        return self.gen(self.chunks.weight).reshape(-1)[:self.n_params]


def main_forward(x, theta):
    i = 0
    for n, (a, b) in enumerate(zip(dims, dims[1:])):
        W = theta[i:i + a * b].view(b, a); i += a * b
        c = theta[i:i + b]; i += b
        x = F.linear(x, W, c)
        x = F.relu(x) if n == 0 else x
    return x


h = ChunkedHyper(P)
opt = torch.optim.Adam(h.parameters(), lr=3e-3)
for s in range(8):
    x = torch.randn(32, 6)
    y = (x[:, 0] * x[:, 1] > 0).long()
    loss = F.cross_entropy(main_forward(x, h()), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(s, loss.item())
