"""Workers get the generated weights through a queue, as bytes."""
import pickle
from queue import SimpleQueue

import torch
from torch import nn
import torch.nn.functional as F


class Hyper(nn.Module):
    def __init__(self, n_jobs, shapes):
        super().__init__()
        self.jobs = nn.Embedding(n_jobs, 4)
        self.gens = nn.ModuleList(nn.Sequential(nn.Linear(4, 10), nn.Tanh(), nn.Linear(10, torch.Size(s).numel())) for s in shapes)
        self.shapes = shapes

    def forward(self, j):
        e = self.jobs(j)
        return [g(e).view(s) for g, s in zip(self.gens, self.shapes)]


class Worker:
    def __init__(self):
        self.inbox = SimpleQueue()
        self.bias = nn.Parameter(torch.zeros(1))

    def send(self, weights):
        self.inbox.put(pickle.loads(pickle.dumps(weights)))  # HC110

    def loss(self, x, y):
        w1, w2 = self.inbox.get()
        return F.mse_loss(F.linear(torch.tanh(F.linear(x, w1)), w2, self.bias), y)


torch.manual_seed(2)
hyper, worker = Hyper(2, [(6, 3), (1, 6)]), Worker()
opt = torch.optim.SGD([*hyper.parameters(), worker.bias], lr=0.05)
for it in range(8):
    job = it % 2
    x = torch.randn(16, 3)
    worker.send(hyper(torch.tensor(job)))
    loss = worker.loss(x, x.prod(1, keepdim=True) + job)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("job", job, "loss", loss.item())
