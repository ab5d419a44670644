import torch
import torch.nn as nn
import torch.nn.functional as F


class TaskHyper(nn.Module):
    def __init__(self, tasks, dim, n):
        super().__init__()
        self.task_emb = torch.randn(tasks, dim, requires_grad=True)  # HC301
        self.net = nn.Sequential(nn.Linear(dim, 32), nn.ReLU(), nn.Linear(32, n))

    def forward(self, t):
        return self.net(self.task_emb[t])


class Main(nn.Module):
    sizes = [(8, 6), (8,), (3, 8), (3,)]

    def forward(self, x, flat):
        w1, b1, w2, b2 = (p.view(s) for p, s in zip(flat.split([torch.Size(s).numel() for s in self.sizes]), self.sizes))
        return F.linear(F.relu(F.linear(x, w1, b1)), w2, b2)


torch.manual_seed(0)
n = sum(torch.Size(s).numel() for s in Main.sizes)
hyper, main = TaskHyper(4, 5, n), Main()
opt = torch.optim.Adam(hyper.parameters(), lr=1e-3)
for i in range(12):
    x, y = torch.randn(16, 6), torch.randint(0, 3, (16,))
    loss = F.cross_entropy(main(x, hyper(i % 4)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
