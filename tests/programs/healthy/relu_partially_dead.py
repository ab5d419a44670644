import torch
import torch.nn as nn
import torch.nn.functional as F


class LayerEmb(nn.Module):
    """HyperFormer-like adapter generator: task, layer and position embeddings; adapters only after FFN in odd layers."""

    def __init__(self, tasks=3, layers=4, d=10, r=3):
        super().__init__()
        self.t, self.l, self.p = nn.Embedding(tasks, 6), nn.Embedding(layers, 6), nn.Embedding(2, 6)
        self.proj = nn.Sequential(nn.Linear(18, 12), nn.ReLU(), nn.LayerNorm(12))
        self.down_w, self.down_b = nn.Linear(12, r * d), nn.Linear(12, r)
        self.up_w, self.up_b = nn.Linear(12, d * r), nn.Linear(12, d)
        self.d, self.r = d, r
        for m in (self.down_w, self.up_w):
            nn.init.normal_(m.weight, std=1e-2)

    def forward(self, t, l, p):
        z = self.proj(torch.cat([self.t(t), self.l(l), self.p(p)]))
        return (
            self.down_w(z).view(self.r, self.d),
            self.down_b(z),
            self.up_w(z).view(self.d, self.r),
            self.up_b(z),
        )


class Encoder(nn.Module):
    def __init__(self, d=10, layers=4):
        super().__init__()
        self.attn = nn.ModuleList(nn.MultiheadAttention(d, 2, batch_first=True) for _ in range(layers))
        self.ffn = nn.ModuleList(nn.Linear(d, d) for _ in range(layers))
        self.norm = nn.ModuleList(nn.LayerNorm(d) for _ in range(layers))

    def forward(self, x, adapters):
        for i, (a, f, n) in enumerate(zip(self.attn, self.ffn, self.norm)):
            x = x + a(x, x, x, need_weights=False)[0]
            h = f(n(x))
            if i % 2:
                dw, db, uw, ub = adapters(i)
                h = h + F.linear(F.relu(F.linear(h, dw, db)), uw, ub)
            x = x + h
        return x


torch.manual_seed(0)
enc, gen, head = Encoder(), LayerEmb(), nn.ModuleList(nn.Linear(10, 2) for _ in range(3))
enc.requires_grad_(False)
for n in enc.norm:
    n.requires_grad_(True)
opt = torch.optim.AdamW([p for m in (enc, gen, head) for p in m.parameters() if p.requires_grad], lr=1e-3)
for step in range(9):
    t = step % 3
    x, y = torch.randn(4, 6, 10), torch.randint(0, 2, (4,))
    out = head[t](enc(x, lambda i: gen(torch.tensor(t), torch.tensor(i), torch.tensor(1))).mean(1))
    loss = F.cross_entropy(out, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
