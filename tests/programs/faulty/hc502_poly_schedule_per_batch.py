"""Task-conditioned hypernetwork with a polynomial schedule."""
import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim.lr_scheduler import PolynomialLR


class TaskHyper(nn.Module):
    def __init__(self, tasks, dim, n_in, n_out):
        super().__init__()
        self.n_in, self.n_out = n_in, n_out
        self.emb = nn.Embedding(tasks, dim)
        self.w = nn.Linear(dim, n_in * n_out)
        self.b = nn.Linear(dim, n_out)
        nn.init.normal_(self.w.weight, std=0.1)

    def forward(self, t):
        e = self.emb(t)
        return self.w(e).view(self.n_out, self.n_in), self.b(e)


class Trainer:
    def __init__(self, args):
        self.args = args
        self.net = TaskHyper(4, 6, 5, 2)
        self.opt = torch.optim.Adam(self.net.parameters(), lr=args.lr)
        self.sched = PolynomialLR(self.opt, total_iters=args.epochs, power=1.0)  # HC502
        self.true = torch.randn(4, 2, 5)

    def batches(self):
        for t in torch.randperm(4).tolist():
            x = torch.randn(16, 5)
            yield torch.tensor(t), x, x @ self.true[t].T

    def epoch(self):
        for t, x, y in self.batches():
            w, b = self.net(t)
            loss = F.mse_loss(F.linear(x, w, b), y)
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()
            self.sched.step()
        return loss.item()

    @torch.no_grad()
    def evaluate(self):
        out = []
        for t, x, y in self.batches():
            out.append(F.mse_loss(F.linear(x, *self.net(t)), y))
        return torch.stack(out).mean().item()


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=6)
    p.add_argument("--lr", type=float, default=1e-2)
    torch.manual_seed(0)
    tr = Trainer(p.parse_args())
    for e in range(tr.args.epochs):
        print(e, tr.epoch(), tr.evaluate())
