"""A decorator meant for evaluation switches gradients off and restores them to the *current* state: off for ever after the first use."""
import functools
import torch
import torch.nn as nn
import torch.nn.functional as F


def evaluation(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        torch.set_grad_enabled(False)  # HC105, HC115
        before = torch.is_grad_enabled()
        try:
            return fn(*args, **kwargs)
        finally:
            torch.set_grad_enabled(before)  # HC105

    return wrapper


class Hyper(nn.Module):
    def __init__(self, cond=3, n_in=5):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(cond, 16), nn.ReLU(), nn.Linear(16, 2 * n_in))
        nn.init.normal_(self.f[-1].weight, std=0.15)

    def forward(self, c):
        return self.f(c).view(-1, 2, 5)


class Trainer:
    def __init__(self):
        self.hyper, self.head = Hyper(), nn.Linear(2, 2)
        self.opt = torch.optim.Adam([*self.hyper.parameters(), *self.head.parameters()], lr=4e-3)

    def logits(self, x, c):
        h = torch.bmm(self.hyper(c), x.unsqueeze(-1)).squeeze(-1)
        with torch.enable_grad():
            return self.head(torch.tanh(h))

    def step(self, x, c, y):
        logits = self.logits(x, c)
        with torch.enable_grad():
            loss = F.cross_entropy(logits, y)
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        return loss.item()

    @evaluation
    def evaluate(self, x, c, y):
        return (self.logits(x, c).argmax(1) == y).float().mean().item()


def batch():
    x, c = torch.randn(20, 5), torch.randn(20, 3)
    return x, c, ((x[:, :3] * c).sum(1) > 0).long()


def main():
    torch.manual_seed(0)
    tr = Trainer()
    for epoch in range(4):
        for _ in range(6):
            x, c, y = batch()
            value = tr.step(x, c, y)
        print(epoch, value, tr.evaluate(*batch()))


main()
