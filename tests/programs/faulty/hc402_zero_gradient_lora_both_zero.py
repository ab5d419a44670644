import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperLoRA(nn.Module):
    def __init__(self, cond, i, o, r=2):
        super().__init__()
        self.i, self.o, self.r = i, o, r
        self.body = nn.Sequential(nn.Linear(cond, 16), nn.GELU())
        self.a = nn.Linear(16, r * i)
        self.b = nn.Linear(16, o * r)
        self.reset()

    def reset(self):
        for lin in (self.a, self.b):
            nn.init.zeros_(lin.weight)  # HC402
            nn.init.zeros_(lin.bias)  # HC402

    def forward(self, c):
        h = self.body(c)
        return self.b(h).view(self.o, self.r) @ self.a(h).view(self.r, self.i)  # HC402


torch.manual_seed(0)
base = nn.Linear(8, 3).requires_grad_(False)
hyper = HyperLoRA(5, 8, 3)
norm = nn.LayerNorm(8)
opt = torch.optim.AdamW([*hyper.parameters(), *norm.parameters()], lr=1e-2)
for step in range(12):
    c, x = torch.randn(5), torch.randn(16, 8)
    y = torch.randint(0, 3, (16,))
    logits = F.linear(norm(x), base.weight + hyper(c), base.bias)
    loss = F.cross_entropy(logits, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
