import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint


class HyperBlock(nn.Module):
    def __init__(self, d, c):
        super().__init__()
        self.d = d
        self.q, self.v = nn.Linear(c, d * d), nn.Linear(c, d)
        self.ln = nn.LayerNorm(d)

    def inner(self, x, c):
        W = self.q(c).view(-1, self.d, self.d) / self.d
        return x + torch.matmul(F.gelu(self.ln(x)), W.transpose(1, 2)) + self.v(c).unsqueeze(1)

    def forward(self, x, c):
        return checkpoint(self.inner, x, c, use_reentrant=False)


torch.manual_seed(0)
blocks = nn.ModuleList(HyperBlock(8, 4) for _ in range(3))
head = nn.Linear(8, 2)
params = [*blocks.parameters(), *head.parameters()]
opt = torch.optim.AdamW(params, lr=1e-3)
scaler = torch.amp.GradScaler("cpu", enabled=True, init_scale=256.0)
for it in range(8):
    x, c = torch.randn(4, 6, 8), torch.randn(4, 4)
    opt.zero_grad(set_to_none=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        for b in blocks:
            x = b(x, c)
        loss = F.cross_entropy(head(x.mean(1)), torch.randint(0, 2, (4,)))
    scaler.scale(loss).backward()
    scaler.unscale_(opt)
    nn.utils.clip_grad_norm_(params, 1.0)
    scaler.step(opt)
    scaler.update()
