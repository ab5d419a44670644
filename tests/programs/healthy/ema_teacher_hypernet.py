"""Mean-teacher consistency training of a small task-conditioned hypernetwork."""

import copy

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(3)


class HyperMLP(nn.Module):
    def __init__(self, n_tasks=2, emb=4, d_in=6, d_h=8, n_cls=3):
        super().__init__()
        self.shapes = [(d_h, d_in), (d_h,), (n_cls, d_h), (n_cls,)]
        self.sizes = [int(torch.tensor(s).prod()) for s in self.shapes]
        self.emb = nn.Embedding(n_tasks, emb)
        self.body = nn.Sequential(nn.Linear(emb, 16), nn.Tanh(), nn.Linear(16, sum(self.sizes)))

    def forward(self, x, task):
        flat = self.body(self.emb.weight[task])
        w1, b1, w2, b2 = [p.view(s) for p, s in zip(flat.split(self.sizes), self.shapes)]
        return F.linear(torch.tanh(F.linear(x, w1, b1)), w2, b2)


@torch.no_grad()
def update_ema(student, teacher, decay):
    for ps, pt in zip(student.parameters(), teacher.parameters()):
        pt.mul_(decay).add_(ps, alpha=1 - decay)


student = HyperMLP()
teacher = copy.deepcopy(student)
for p in teacher.parameters():
    p.requires_grad = False

opt = torch.optim.SGD(student.parameters(), lr=0.1, momentum=0.9)
x = torch.randn(40, 6)
y = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()

for step in range(8):
    loss = 0.0
    for task in range(2):
        noisy = x + 0.1 * torch.randn_like(x)
        logits = student(noisy, task)
        target = teacher(x, task).softmax(-1)
        sup = F.cross_entropy(logits[:20], y[:20] if task == 0 else 2 - y[:20])
        cons = F.mse_loss(logits.softmax(-1), target)
        loss = loss + sup + 0.5 * cons
    opt.zero_grad()
    loss.backward()
    opt.step()
    update_ema(student, teacher, min(1 - 1 / (step + 1), 0.99))
    print(f"step {step}: loss {loss.item():.4f}")
