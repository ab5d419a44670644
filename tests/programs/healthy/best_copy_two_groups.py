"""Two optimizers, accumulation of three micro steps, best state kept in memory and reloaded at the end."""

import copy

import torch
import torch.nn as nn
import torch.nn.functional as F


class LoRAHyper(nn.Module):
    def __init__(self, d=10, r=2, tasks=3, e=4):
        super().__init__()
        self.d, self.r = d, r
        self.task = nn.Embedding(tasks, e)
        self.a, self.b = nn.Linear(e, r * d), nn.Linear(e, r * d)
        nn.init.zeros_(self.b.weight)
        nn.init.zeros_(self.b.bias)

    def forward(self, t):
        z = self.task(t)
        return self.b(z).view(self.d, self.r) @ self.a(z).view(self.r, self.d)


class Base(nn.Module):
    def __init__(self, d=10):
        super().__init__()
        self.w, self.out = nn.Linear(d, d), nn.Linear(d, 2)
        self.w.requires_grad_(False)

    def forward(self, x, delta):
        return self.out(torch.relu(F.linear(x, self.w.weight + delta, self.w.bias)))


torch.manual_seed(0)
base, hyper = Base(), LoRAHyper()
opts = [
    torch.optim.Adam([p for p in base.parameters() if p.requires_grad], lr=1e-3),
    torch.optim.Adam(hyper.parameters(), lr=1e-2),
]
best, best_loss, patience = None, float("inf"), 0
for epoch in range(10):
    for o in opts:
        o.zero_grad()
    running = 0.0
    for i in range(3):
        x = torch.randn(16, 10)
        loss = F.cross_entropy(base(x, hyper(torch.tensor(i))), (x[:, i] > 0).long()) / 3
        loss.backward()
        running += loss.item()
    for o in opts:
        o.step()
    if running < best_loss:
        best, best_loss, patience = copy.deepcopy(hyper.state_dict()), running, 0
    else:
        patience += 1
        if patience > 3:
            print("early stop", epoch)
            break
hyper.load_state_dict(best)
print(f"{best_loss:.4f}")
