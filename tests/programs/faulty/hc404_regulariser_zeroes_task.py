"""Continual learning with hypernetworks: task loss first, then the output regulariser of older tasks."""
import torch
import torch.nn as nn
import torch.nn.functional as F

SHAPES = [(8, 4), (8,), (2, 8), (2,)]
N = sum(torch.Size(s).numel() for s in SHAPES)


class HNet(nn.Module):
    def __init__(self, tasks, emb=4):
        super().__init__()
        self.embs = nn.ParameterList(nn.Parameter(torch.randn(emb)) for _ in range(tasks))
        self.body = nn.Sequential(nn.Linear(emb, 16), nn.ELU(), nn.Linear(16, N))
        nn.init.normal_(self.body[-1].weight, std=0.08)

    def forward(self, task):
        flat = self.body(self.embs[task])
        return [p.view(s) for p, s in zip(flat.split([torch.Size(s).numel() for s in SHAPES]), SHAPES)]


def mnet(x, w):
    return F.linear(F.relu(F.linear(x, w[0], w[1])), w[2], w[3])


def targets(hnet, task):
    with torch.no_grad():
        return [torch.cat([w.flatten() for w in hnet(t)]) for t in range(task)]


def regulariser(hnet, stored):
    loss = 0.0
    for t, old in enumerate(stored):
        loss = loss + (torch.cat([w.flatten() for w in hnet(t)]) - old).pow(2).sum()
    return loss / max(1, len(stored))


def train_task(hnet, task, data, beta=0.05, iters=8):
    opt = torch.optim.Adam(hnet.parameters(), lr=2e-3)
    stored = targets(hnet, task)
    for i in range(iters):
        x, y = data(task)
        loss = F.cross_entropy(mnet(x, hnet(task)), y)
        opt.zero_grad()
        loss.backward()
        if task > 0:
            opt.zero_grad()  # HC404
            (beta * regulariser(hnet, stored)).backward()
        opt.step()
    return loss.item()


def main():
    torch.manual_seed(0)
    planes = torch.randn(3, 4)

    def data(task):
        x = torch.randn(32, 4)
        return x, (x @ planes[task] > 0).long()

    hnet = HNet(3)
    for task in range(3):
        print("task", task, train_task(hnet, task, data))


main()
