"""Attention pooling classifier."""

import torch
import torch.nn as nn


class AttnPool(nn.Module):
    def __init__(self, d, h=2):
        super().__init__()
        self.q = nn.Parameter(torch.randn(1, 1, d))
        self.attn = nn.MultiheadAttention(d, h, batch_first=True)
        self.norm = nn.LayerNorm(d)

    def forward(self, x):
        out, w = self.attn(self.q.expand(x.size(0), -1, -1), x, x)
        return self.norm(out.squeeze(1)), w


torch.manual_seed(0)
emb, pool, fc = nn.Embedding(20, 16), AttnPool(16), nn.Linear(16, 2)
params = [*emb.parameters(), *pool.parameters(), *fc.parameters()]
opt = torch.optim.Adam(params, lr=3e-3)
x = torch.randint(0, 20, (64, 9))
y = (x == 3).any(1).long()
for epoch in range(8):
    feats, _ = pool(emb(x))
    loss = nn.functional.cross_entropy(fc(feats), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"epoch {epoch} loss {loss:.4f}")
