"""Support-set attention makes the weights; the padding mask is inverted, so whole rows become -inf."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class SetHyper(nn.Module):
    def __init__(self, d=5, h=16, out=2):
        super().__init__()
        self.inp = nn.Linear(d + 1, h)
        self.q = nn.Parameter(torch.randn(out, h))
        self.k, self.v = nn.Linear(h, h), nn.Linear(h, d + 1)

    def forward(self, xs, ys, length):
        t = torch.relu(self.inp(torch.cat([xs, ys[..., None].float()], -1)))
        pad = torch.arange(xs.shape[1])[None] < length[:, None]
        score = torch.einsum("oh,bsh->bos", self.q, self.k(t)) / math.sqrt(16)
        score = score.masked_fill(pad[:, None], float("-inf"))
        att = torch.softmax(score, -1)  # HC403 HC505
        theta = torch.einsum("bos,bsd->bod", att, self.v(t))
        return theta[..., :-1], theta[..., -1]


torch.manual_seed(4)
net = SetHyper()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for step in range(10):
    length = torch.randint(4, 9, (6,))
    length[0] = 8
    xs = torch.randn(6, 8, 5)
    ys = (xs[..., 0] > 0).long()
    w, b = net(xs, ys, length)
    xq = torch.randn(6, 10, 5)
    logits = torch.einsum("bod,bqd->bqo", w, xq) + b[:, None]
    loss = F.cross_entropy(logits.flatten(0, 1), (xq[..., 0] > 0).long().flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
