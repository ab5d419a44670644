"""Hand-written causal self-attention (attention scores are data-dependent weights, nothing is generated)."""

import math

import torch
import torch.nn.functional as F

g = torch.Generator().manual_seed(1)
V, D, T, B = 12, 16, 8, 16


def p(*s):
    return (torch.randn(*s, generator=g) / math.sqrt(s[-1])).requires_grad_()


emb, pos = p(V, D), p(T, D)
Wq, Wk, Wv, Wo = p(D, D), p(D, D), p(D, D), p(D, D)
Wu, bu = p(V, D), torch.zeros(V, requires_grad=True)
params = [emb, pos, Wq, Wk, Wv, Wo, Wu, bu]
opt = torch.optim.AdamW(params, lr=3e-3)
mask = torch.triu(torch.ones(T, T, dtype=torch.bool), 1)
for step in range(8):
    start = torch.randint(V, (B, 1), generator=g)
    seq = (start + 5 * torch.arange(T + 1)) % V
    h = emb[seq[:, :-1]] + pos
    q, k, v = h @ Wq.T, h @ Wk.T, h @ Wv.T
    att = (q @ k.transpose(1, 2) / math.sqrt(D)).masked_fill(mask, float("-inf")).softmax(-1)
    h = h + (att @ v) @ Wo.T
    loss = F.cross_entropy((h @ Wu.T + bu).flatten(0, 1), seq[:, 1:].flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
