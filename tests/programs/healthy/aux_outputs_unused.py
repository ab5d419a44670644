"""The encoder computes also things that only the logger or eval uses (attention map, reconstruction head) — parameters shared."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Enc(nn.Module):
    def __init__(self):
        super().__init__()
        self.attn = nn.MultiheadAttention(8, 2, batch_first=True)
        self.inp = nn.Linear(4, 8)

    def forward(self, s):
        h = self.inp(s)
        o, w = self.attn(h, h, h)
        return o.mean(1), w, h.norm()


class HT(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = Enc()
        self.gen = nn.Linear(8, 3 * 4 + 3)

    def forward(self, support, query):
        e, attn, stat = self.enc(support)
        p = self.gen(e)
        out = torch.baddbmm(p[:, None, 12:], query, p[:, :12].view(-1, 4, 3))
        return out, {"attn": attn, "stat": stat, "w_norm": p.norm(), "pred": out.argmax(-1)}


torch.manual_seed(0)
net = HT()
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
hist = []
for i in range(8):
    s, q = torch.randn(4, 6, 4), torch.randn(4, 10, 4)
    out, info = net(s, q)
    loss = F.cross_entropy(out.flatten(0, 1), torch.randint(0, 3, (40,)))
    opt.zero_grad()
    loss.backward()
    opt.step()
    hist.append({k: v.detach().float().mean().item() for k, v in info.items()})
