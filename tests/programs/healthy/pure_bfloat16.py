"""Everything in bfloat16, with float32 master weights that are stepped and cast back."""

import torch
import torch.nn as nn

torch.manual_seed(9)


class LoRAHyper(nn.Module):
    def __init__(self, tasks, d=8, rank=2):
        super().__init__()
        self.d, self.rank = d, rank
        self.codes = nn.Embedding(tasks, 6)
        self.net = nn.Sequential(nn.Linear(6, 32), nn.SiLU(), nn.Linear(32, 2 * d * rank))
        self.base = nn.Linear(d, d)

    def forward(self, x, task):
        a, b = self.net(self.codes(task)).view(2, self.d, self.rank)
        return self.base(x) + x @ a @ b.T


model = LoRAHyper(3).bfloat16()
master = [p.detach().float().requires_grad_() for p in model.parameters()]
opt = torch.optim.AdamW(master, lr=5e-3)
for step in range(9):
    task = torch.tensor(step % 3)
    x = torch.randn(32, 8)
    y = x.roll(int(task) + 1, dims=1)
    loss = (model(x.bfloat16(), task).float() - y).square().mean()
    model.zero_grad()
    loss.backward()
    for m, p in zip(master, model.parameters()):
        m.grad = p.grad.float()
    opt.step()
    with torch.no_grad():
        for m, p in zip(master, model.parameters()):
            p.copy_(m)
    print(step, loss.item())
