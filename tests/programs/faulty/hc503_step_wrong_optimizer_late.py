"""Alternating training of hypernet and embeddings; from the second epoch on the hypernet is not stepped any more."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Shared(nn.Module):
    def __init__(self, users=5, emb=4, n_in=6):
        super().__init__()
        self.table = nn.Embedding(users, emb)
        self.hyper = nn.Sequential(nn.Linear(emb, 16), nn.SiLU(), nn.Linear(16, n_in * 3 + 3))
        nn.init.normal_(self.hyper[-1].weight, std=0.1)

    def forward(self, u, x):
        theta = self.hyper(self.table(u))
        w = theta[:, :18].unflatten(1, (3, 6))
        return torch.einsum("boi,bi->bo", w, x) + theta[:, 18:]


class Schedule:
    """Which optimizer is on turn: the embeddings go first in the warm-up epoch, then both."""

    def __init__(self, model):
        self.emb = torch.optim.Adam(model.table.parameters(), lr=1e-2)
        self.net = torch.optim.Adam(model.hyper.parameters(), lr=3e-3)

    def zero(self):
        self.emb.zero_grad()
        self.net.zero_grad()

    def step(self, epoch):
        if epoch == 0:
            self.emb.step()
            self.net.step()
        elif epoch > 0:
            self.emb.step()  # HC503


def main():
    torch.manual_seed(0)
    model = Shared()
    sched = Schedule(model)
    truth = torch.randn(5, 3, 6)
    for epoch in range(4):
        for _ in range(8):
            u, x = torch.randint(0, 5, (16,)), torch.randn(16, 6)
            y = torch.einsum("boi,bi->bo", truth[u], x).argmax(-1)
            loss = F.cross_entropy(model(u, x), y)
            sched.zero()
            loss.backward()
            sched.step(epoch)
        print(epoch, loss.item())


main()
