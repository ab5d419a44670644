"""Distils several frozen teachers into one hypernetwork."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1)
K, D, C = 3, 6, 4
teachers = [nn.Sequential(nn.Linear(D, 12), nn.Tanh(), nn.Linear(12, C)).eval() for _ in range(K)]


class Student(nn.Module):
    def __init__(self):
        super().__init__()
        self.who = nn.Parameter(torch.randn(K, 6))
        self.trunk = nn.Sequential(nn.Linear(6, 20), nn.Tanh())
        self.w1, self.b1 = nn.Linear(20, D * 10), nn.Linear(20, 10)
        self.w2, self.b2 = nn.Linear(20, 10 * C), nn.Linear(20, C)

    def forward(self, x):
        h = self.trunk(self.who)
        a = torch.tanh(torch.baddbmm(self.b1(h)[:, None], x, self.w1(h).view(K, D, 10)))
        return torch.baddbmm(self.b2(h)[:, None], a, self.w2(h).view(K, 10, C))


student = Student()
opt = torch.optim.AdamW(student.parameters(), lr=5e-3)
temp = 2.0
for step in range(8):
    x = torch.randn(32, D)
    with torch.no_grad():
        soft = torch.stack([t(x) for t in teachers])
    out = student(x.expand(K, -1, -1))
    loss = (
        F.kl_div(F.log_softmax(out / temp, -1), F.softmax(soft / temp, -1), reduction="none").sum(-1).mean()
        * temp**2
    )
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"step {step} kd loss {loss.item():.4f}")
