"""Contrastive learning; the query encoder's projection is generated per domain and a slow copy encodes the keys."""

from copy import deepcopy

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(11)
DOMAINS, DIN, DH, DOUT, B = 3, 10, 12, 6, 12


class DomainProjector(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(DIN, DH), nn.GELU())
        self.codes = nn.Parameter(torch.randn(DOMAINS, 5))
        self.gen_w = nn.Linear(5, DH * DOUT)
        self.gen_b = nn.Linear(5, DOUT)

    def forward(self, x, dom):
        h = self.backbone(x)
        W = self.gen_w(self.codes).view(DOMAINS, DOUT, DH)[dom]
        b = self.gen_b(self.codes)[dom]
        return F.normalize(torch.baddbmm(b.unsqueeze(-1), W, h.unsqueeze(-1)).squeeze(-1), dim=-1)


query = DomainProjector()
key = deepcopy(query).requires_grad_(False)
optim = torch.optim.AdamW(query.parameters(), lr=3e-3)
bank = F.normalize(torch.randn(24, DOUT), dim=-1)

for i in range(8):
    x = torch.randn(B, DIN)
    dom = torch.arange(B) % DOMAINS
    q = query(x + 0.05 * torch.randn_like(x), dom)
    with torch.no_grad():
        for a, b in zip(query.state_dict().values(), key.state_dict().values()):
            b.lerp_(a, 0.05)
        k = key(x + 0.05 * torch.randn_like(x), dom)
    logits = torch.cat([(q * k).sum(-1, keepdim=True), q @ bank.t()], 1) / 0.2
    loss = F.cross_entropy(logits, torch.zeros(B, dtype=torch.long))
    optim.zero_grad(set_to_none=True)
    loss.backward()
    optim.step()
    bank = torch.cat([bank[B:], k])
    print(i, round(loss.item(), 4))
