"""Task-conditioned hypernetwork with a trainer class; the code of a task is looked up by name."""
import torch
from torch import nn
import torch.nn.functional as F

TASKS = ("rot0", "rot90", "rot180")


class TaskCodes(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim
        self.codes = nn.ParameterDict({t: nn.Parameter(torch.randn(dim)) for t in TASKS})

    def get(self, task):
        if task in self.codes:
            g = torch.Generator().manual_seed(TASKS.index(task))
            self.codes[task] = nn.Parameter(torch.randn(self.dim, generator=g))  # HC305
        return self.codes[task]


class WeightMaker(nn.Module):
    def __init__(self, dim, fin, fout):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(dim, 32), nn.GELU())
        self.w = nn.Linear(32, fin * fout)
        self.b = nn.Linear(32, fout)
        self.fin, self.fout = fin, fout

    def forward(self, e):
        h = self.body(e)
        return self.w(h).view(self.fout, self.fin) / self.fin ** 0.5, self.b(h)


class Trainer:
    def __init__(self):
        self.codes = TaskCodes(5)
        self.maker = WeightMaker(5, 8, 2)
        params = list(self.codes.parameters()) + list(self.maker.parameters())
        self.optim = torch.optim.Adam(params, lr=3e-3)

    def batch(self, task):
        x = torch.randn(32, 8)
        k = TASKS.index(task)
        return x, (x[:, k] > x[:, k + 1]).long()

    def fit(self, steps):
        for s in range(steps):
            task = TASKS[s % len(TASKS)]
            x, y = self.batch(task)
            w, b = self.maker(self.codes.get(task))
            loss = F.cross_entropy(F.linear(x, w, b), y)
            self.optim.zero_grad()
            loss.backward()
            self.optim.step()
            print(task, f"{loss.item():.3f}")


torch.manual_seed(0)
Trainer().fit(18)
