"""Hyper-prompt tuning with gradient accumulation."""
import argparse

import torch
from torch import nn


def get_args():
    p = argparse.ArgumentParser()
    p.add_argument("--accum", type=int, default=16)
    p.add_argument("--epochs", type=int, default=2)
    p.add_argument("--batches", type=int, default=4)
    p.add_argument("--lr", type=float, default=1e-2)
    return p.parse_args([])


class PromptGen(nn.Module):
    def __init__(self, tasks=2, d=6, n=3):
        super().__init__()
        self.t = nn.Embedding(tasks, 4)
        self.g = nn.Sequential(nn.Linear(4, 12), nn.GELU(), nn.Linear(12, n * d))
        self.n, self.d = n, d

    def forward(self, t):
        return self.g(self.t(t)).view(self.n, self.d)


args = get_args()
torch.manual_seed(94)
gen, cls = PromptGen(), nn.Linear(6, 2)
optimizer = torch.optim.AdamW([*gen.parameters(), *cls.parameters()], lr=args.lr)
data = [(torch.randn(8, 4, 6), torch.randint(0, 2, (8,)), b % 2) for b in range(args.batches)]
for epoch in range(args.epochs):
    optimizer.zero_grad()
    for b, (x, y, t) in enumerate(data):
        prompt = gen(torch.tensor(t))
        att = torch.softmax(x @ prompt.T, -1) @ prompt
        loss = nn.functional.cross_entropy(cls((x + att).mean(1)), y) / args.accum
        loss.backward()  # HC503
        if (b + 1) % args.accum == 0:
            optimizer.step()
            optimizer.zero_grad()
        print(epoch, b, loss.item() * args.accum)
