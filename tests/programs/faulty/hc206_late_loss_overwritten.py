"""Multi-task hypernet: after the warm-up epoch the penalty replaces the task loss instead of being added."""
import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F


class Hyper(nn.Module):
    def __init__(self, tasks, code=4, n_in=6, out=2):
        super().__init__()
        self.n_in, self.out = n_in, out
        self.code = nn.Embedding(tasks, code)
        self.net = nn.Sequential(nn.Linear(code, 16), nn.ReLU(), nn.Linear(16, n_in * out))
        nn.init.normal_(self.net[-1].weight, std=0.1)

    def forward(self, t):
        return self.net(self.code(t)).view(self.out, self.n_in)


class Main(nn.Module):
    def __init__(self, n_in=6):
        super().__init__()
        self.feature = nn.Sequential(nn.Linear(n_in, 12), nn.ReLU(), nn.Linear(12, n_in))

    def forward(self, x, w):
        return F.linear(self.feature(x), w)


class Trainer:
    def __init__(self, args):
        self.args = args
        self.hyper, self.main = Hyper(3), Main()
        self.opt = torch.optim.Adam([*self.hyper.parameters(), *self.main.parameters()], lr=3e-3)
        self.rule = torch.randn(3, 6)

    def step(self, t, epoch):
        x = torch.randn(20, 6)
        y = (x @ self.rule[t] > 0).long()
        logits = self.main(x, self.hyper(t))
        loss = F.cross_entropy(logits, y)
        if epoch >= self.args.warmup:
            loss = self.args.decay * sum(p.pow(2).sum() for p in self.main.parameters())  # HC206
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        return loss.item()

    def run(self):
        for epoch in range(self.args.epochs):
            losses = [self.step(t, epoch) for t in torch.randperm(3)]
            print(epoch, sum(losses) / 3)


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=6)
    p.add_argument("--warmup", type=int, default=3)
    p.add_argument("--decay", type=float, default=1e-3)
    torch.manual_seed(0)
    Trainer(p.parse_args()).run()
