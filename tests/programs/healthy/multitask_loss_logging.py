"""Multi-task hypernetwork with uncertainty-weighted losses and per-task loss histories."""

import json
from collections import defaultdict

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(18)
TASKS = {"cls": 3, "reg": 2, "bin": 1}


class MTHyper(nn.Module):
    def __init__(self, feat=8, emb=6):
        super().__init__()
        self.feat = feat
        self.shared = nn.Sequential(nn.Linear(10, feat), nn.SiLU())
        self.tasks = nn.ParameterDict({k: nn.Parameter(torch.randn(emb)) for k in TASKS})
        self.trunk = nn.Sequential(nn.Linear(emb, 16), nn.SiLU())
        self.heads = nn.ModuleDict({k: nn.Linear(16, feat * n + n) for k, n in TASKS.items()})
        self.log_var = nn.ParameterDict({k: nn.Parameter(torch.zeros(())) for k in TASKS})

    def forward(self, x):
        h = self.shared(x)
        out = {}
        for k, n in TASKS.items():
            wb = self.heads[k](self.trunk(self.tasks[k]))
            out[k] = F.linear(h, wb[: self.feat * n].view(n, self.feat), wb[self.feat * n :])
        return out


model = MTHyper()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
log = defaultdict(list)
for step in range(8):
    x = torch.randn(32, 10)
    out = model(x)
    losses = {
        "cls": F.cross_entropy(out["cls"], x[:, :3].argmax(1)),
        "reg": F.mse_loss(out["reg"], x[:, 3:5] ** 2),
        "bin": F.binary_cross_entropy_with_logits(out["bin"][:, 0], (x[:, 6] > 0).float()),
    }
    total = sum(torch.exp(-model.log_var[k]) * l + model.log_var[k] for k, l in losses.items())
    opt.zero_grad()
    total.backward()
    opt.step()
    for k, l in losses.items():
        log[k].append(l.item())
    print(step, "total %.4f" % total.item(), {k: round(v[-1], 4) for k, v in log.items()})
print(json.dumps({k: min(v) for k, v in log.items()}))
