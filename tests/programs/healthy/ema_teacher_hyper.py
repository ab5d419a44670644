import copy

import torch
import torch.nn as nn
import torch.nn.functional as F


class Student(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(4, 6)
        self.h = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 5 * 3 + 3))

    def forward(self, x, t):
        p = self.h(self.emb(t))
        return F.linear(x, p[:15].view(3, 5), p[15:])


torch.manual_seed(0)
student = Student()
teacher = copy.deepcopy(student).requires_grad_(False)
opt = torch.optim.AdamW(student.parameters(), 1e-2)
for step in range(12):
    x, t = torch.randn(16, 5), torch.tensor(step % 4)
    y = torch.randint(0, 3, (16,))
    with torch.no_grad():
        soft = teacher(x, t).softmax(-1)
    out = student(x + 0.1 * torch.randn_like(x), t)
    loss = F.cross_entropy(out, y) + F.kl_div(out.log_softmax(-1), soft, reduction="batchmean")
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        for a, b in zip(teacher.parameters(), student.parameters()):
            a.mul_(0.99).add_(b, alpha=0.01)
