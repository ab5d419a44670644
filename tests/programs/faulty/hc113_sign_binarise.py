import torch
import torch.nn as nn
import torch.nn.functional as F


class BinaryHyper(nn.Module):
    """XNOR-like: alpha * sign(w); the straight-through trick is missing."""

    def __init__(self, tasks=2, i=8, o=4):
        super().__init__()
        self.task = nn.Embedding(tasks, 5)
        self.gen = nn.Linear(5, i * o)
        self.alpha = nn.Parameter(torch.ones(o, 1))
        self.i, self.o = i, o

    def forward(self, x, t):
        w = self.gen(self.task(t)).view(self.o, self.i)
        b = torch.where(w >= 0, torch.ones_like(w), -torch.ones_like(w))  # HC113
        return F.linear(x, self.alpha * b)


torch.manual_seed(0)
net = BinaryHyper()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for i in range(10):
    x, y = torch.randn(16, 8), torch.randint(0, 4, (16,))
    loss = F.cross_entropy(net(x, torch.tensor(i % 2)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
