"""Separate optimizers for embeddings, generator and main-network biases, each with its own schedule."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Hyper(nn.Module):
    def __init__(self, emb, out):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(emb, 20), nn.Softplus(), nn.Linear(20, out))

    def forward(self, e):
        return self.net(e)


class MainNet(nn.Module):
    def __init__(self, d, h, o):
        super().__init__()
        self.d, self.h, self.o = d, h, o
        self.b1 = nn.Parameter(torch.zeros(h))
        self.b2 = nn.Parameter(torch.zeros(o))

    def forward(self, x, flat):
        w1 = flat[: self.d * self.h].view(self.h, self.d)
        w2 = flat[self.d * self.h :].view(self.o, self.h)
        return F.linear(torch.sigmoid(F.linear(x, w1, self.b1)), w2, self.b2)


torch.manual_seed(0)
main_net = MainNet(6, 9, 2)
hyper = Hyper(5, 6 * 9 + 9 * 2)
task_embs = [nn.Parameter(torch.randn(5)) for _ in range(3)]
opts = [
    torch.optim.Adam(hyper.parameters(), lr=3e-3),
    torch.optim.SGD(task_embs, lr=0.1),
    torch.optim.Adagrad(main_net.parameters(), lr=0.05),
]
scheds = [torch.optim.lr_scheduler.ExponentialLR(o, 0.95) for o in opts]
x = torch.randn(36, 6)
ys = [(x[:, k] > x[:, k + 1]).long() for k in range(3)]
for step in range(9):
    loss = torch.stack([F.cross_entropy(main_net(x, hyper(e)), y) for e, y in zip(task_embs, ys)]).mean()
    for o in opts:
        o.zero_grad()
    loss.backward()
    for o in opts:
        o.step()
    for s in scheds:
        s.step()
    print(step, loss.item(), [round(s.get_last_lr()[0], 5) for s in scheds])
