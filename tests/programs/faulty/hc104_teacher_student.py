"""Mean-teacher with a hypernetwork student; consistency loss on unlabelled points, checkpointed trunk."""
import copy

import torch
from torch import nn
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint


class Student(nn.Module):
    def __init__(self, domains=3):
        super().__init__()
        self.dom = nn.Embedding(domains, 4)
        self.gen = nn.Sequential(nn.Linear(4, 12), nn.Tanh(), nn.Linear(12, 5 * 5 + 5))
        self.inp, self.out = nn.Linear(3, 5), nn.Linear(5, 2)

    def generate(self, d):
        th = self.gen(self.dom(d))
        return th[:, :25].view(-1, 5, 5), th[:, 25:]

    def trunk(self, x):
        return torch.relu(self.inp(x))

    def forward(self, x, d):
        w, b = self.generate(d)
        h = checkpoint(self.trunk, x, use_reentrant=False)
        h = torch.relu(torch.einsum("bij,bj->bi", w, h) + b.detach())  # HC104
        return self.out(h)


torch.manual_seed(141)
student = Student()
teacher = copy.deepcopy(student).requires_grad_(False)
opt = torch.optim.SGD(student.parameters(), lr=0.05, momentum=0.9)
for step in range(8):
    x, d = torch.randn(24, 3), torch.randint(0, 3, (24,))
    y = ((x[:, 0] > 0).long() + d) % 2
    u = torch.randn(24, 3)
    with torch.no_grad():
        soft = teacher(u, d).softmax(-1)
    loss = F.cross_entropy(student(x, d), y) + 0.1 * F.kl_div(student(u + 0.05 * torch.randn_like(u), d).log_softmax(-1), soft, reduction="batchmean")
    opt.zero_grad()
    loss.backward()
    opt.step()
    for s, t in zip(student.parameters(), teacher.parameters()):
        t.data.mul_(0.9).add_(s.data, alpha=0.1)
    print(step, loss.item())
