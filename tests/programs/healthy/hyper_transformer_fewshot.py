"""HyperTransformer: attention over a support set emits the rows of a small classifier's weights."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class WeightGenerator(nn.Module):
    def __init__(self, feat, n_way, d=24, heads=4, d_out=None, rows=8):
        super().__init__()
        self.rows, self.feat, self.n_way = rows, feat, n_way
        self.tok = nn.Linear(feat + n_way, d)
        self.placeholders = nn.Parameter(torch.randn(rows + n_way, d) * 0.2)
        layer = nn.TransformerEncoderLayer(d, heads, 48, dropout=0.0, activation="gelu", batch_first=True)
        self.enc = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.to_row1 = nn.Linear(d, feat + 1)
        self.to_row2 = nn.Linear(d, rows + 1)

    def forward(self, xs, ys):
        B = xs.size(0)
        tokens = self.tok(torch.cat([xs, F.one_hot(ys, self.n_way).float()], -1))
        seq = torch.cat([self.placeholders.expand(B, -1, -1), tokens], 1)
        out = self.enc(seq)
        r1, r2 = self.to_row1(out[:, : self.rows]), self.to_row2(out[:, self.rows : self.rows + self.n_way])
        return (r1[..., :-1], r1[..., -1]), (r2[..., :-1], r2[..., -1])


def classify(x, layers):
    (w1, b1), (w2, b2) = layers
    h = torch.tanh(x @ w1.mT + b1[:, None])
    return h @ w2.mT + b2[:, None]


def episodes(bs, way, shot, query, feat):
    mu = torch.randn(bs, way, 1, feat) * 1.5
    s = (mu + 0.5 * torch.randn(bs, way, shot, feat)).flatten(1, 2)
    q = (mu + 0.5 * torch.randn(bs, way, query, feat)).flatten(1, 2)
    ls = torch.arange(way).repeat_interleave(shot).expand(bs, -1)
    lq = torch.arange(way).repeat_interleave(query).expand(bs, -1)
    return s, ls, q, lq


torch.manual_seed(0)
gen = WeightGenerator(feat=6, n_way=3)
opt = torch.optim.AdamW(gen.parameters(), lr=2e-3)
for step in range(8):
    xs, ys, xq, yq = episodes(8, 3, 4, 4, 6)
    logits = classify(xq, gen(xs, ys))
    loss = F.cross_entropy(logits.flatten(0, 1), yq.flatten())
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()
    acc = (logits.argmax(-1) == yq).float().mean()
    print(f"step {step} loss {loss.item():.4f} acc {acc.item():.3f}")
