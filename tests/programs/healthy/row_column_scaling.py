"""Context modulation: one embedding scales rows and columns of shared trainable weights."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class ScaledLinear(nn.Module):
    def __init__(self, i, o, emb):
        super().__init__()
        self.W = nn.Parameter(torch.empty(o, i))
        self.b = nn.Parameter(torch.zeros(o))
        nn.init.xavier_normal_(self.W)
        self.row, self.col = nn.Linear(emb, o), nn.Linear(emb, i)
        for lin in (self.row, self.col):
            nn.init.zeros_(lin.weight)
            nn.init.ones_(lin.bias)

    def forward(self, x, e):
        W = self.row(e).unsqueeze(1) * self.W * self.col(e).unsqueeze(0)
        return F.linear(x, W, self.b)


torch.manual_seed(0)
emb = nn.Embedding(2, 4)
l1, l2 = ScaledLinear(6, 10, 4), ScaledLinear(10, 3, 4)
opt = torch.optim.Adam([*emb.parameters(), *l1.parameters(), *l2.parameters()], lr=1e-2)
x = torch.randn(40, 6)
targets = [x[:, :3].argmax(1), x[:, 3:].argmax(1)]
for epoch in range(8):
    loss = 0
    for t, y in enumerate(targets):
        e = emb.weight[t]
        loss = loss + F.cross_entropy(l2(F.gelu(l1(x, e)), e), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(epoch, loss.item() / 2)
