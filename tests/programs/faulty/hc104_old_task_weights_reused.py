"""Ensemble of task weights in a dict: generated at the start of an epoch, then used for all its batches (detached after the first)."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class TaskHyper(nn.Module):
    def __init__(self, tasks=3, d=5, n_in=6):
        super().__init__()
        self.n_in = n_in
        self.table = nn.Parameter(torch.randn(tasks, d) * 0.5)
        self.gen = nn.Linear(d, 2 * n_in)
        nn.init.normal_(self.gen.weight, std=0.15)

    def forward(self, t):
        return self.gen(self.table[t]).view(2, self.n_in)


def main():
    torch.manual_seed(0)
    hyper = TaskHyper()
    bias = nn.Parameter(torch.zeros(3, 2))
    opt = torch.optim.SGD([*hyper.parameters(), bias], lr=0.1)
    rule = torch.randn(3, 6)
    for epoch in range(4):
        weights = {t: hyper(t) for t in range(3)}
        for batch in range(4):
            total = 0.0
            for t in range(3):
                w = weights[t] if batch == 0 else weights[t].detach()  # HC104, HC204
                x = torch.randn(12, 6)
                y = (x @ rule[t] > 0).long()
                total = total + F.cross_entropy(F.linear(x, w, bias[t]), y)
            opt.zero_grad()
            total.backward()
            opt.step()
        print(epoch, total.item() / 3)


main()
