"""Task-specific metric (generated projection), batch-hard triplet mining by max and min over masked distances."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class TaskMetric(nn.Module):
    def __init__(self, tasks=3, n_in=6, d=4):
        super().__init__()
        self.d, self.n_in = d, n_in
        self.task = nn.Embedding(tasks, 5)
        self.gen = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, d * n_in))
        nn.init.normal_(self.gen[-1].weight, std=0.1)
        self.base = nn.Parameter(torch.randn(d, n_in) * 0.3)

    def forward(self, x, t):
        return F.normalize(F.linear(x, self.base + self.gen(self.task(t)).view(self.d, self.n_in)), dim=-1)


def batch_hard(e, y, margin=0.3):
    dist = torch.cdist(e, e)
    same = y[:, None] == y
    pos = dist.masked_fill(~same, -1.0).amax(1)
    neg = dist.masked_fill(same, 9.0).amin(1)
    return F.relu(pos - neg + margin).mean()


def main():
    torch.manual_seed(0)
    net = TaskMetric()
    opt = torch.optim.Adam(net.parameters(), lr=3e-3)
    centers = torch.randn(3, 3, 6)
    for step in range(15):
        t = step % 3
        y = torch.arange(3).repeat(4)
        x = centers[t, y] + 0.5 * torch.randn(12, 6)
        loss = batch_hard(net(x, torch.tensor(t)), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(loss.item())


main()
