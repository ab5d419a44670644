"""Sparse mixture of generated adapters: a router picks two adapters per sample."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class AdapterBank(nn.Module):
    def __init__(self, n, dim, rank):
        super().__init__()
        self.down = nn.Parameter(torch.randn(n, rank, dim) * dim**-0.5)
        self.up = nn.Parameter(torch.randn(n, dim, rank) * 0.1)

    def gather(self, idx):
        return self.down[idx].mean(1), self.up[idx].mean(1)


class Routed(nn.Module):
    def __init__(self, dim=10, n=6, rank=3, k=2, classes=4):
        super().__init__()
        self.k = k
        self.stem = nn.Linear(8, dim)
        self.router = nn.Sequential(nn.Linear(dim, 12), nn.ReLU(), nn.Linear(12, n))
        self.bank = AdapterBank(n, dim, rank)
        self.head = nn.Linear(dim, classes)

    def forward(self, x):
        h = torch.tanh(self.stem(x))
        scores = self.router(h).softmax(-1)
        idx = scores.topk(self.k, dim=-1).indices  # HC113
        down, up = self.bank.gather(idx)
        z = torch.bmm(down, h.unsqueeze(-1)).relu()
        h = h + torch.bmm(up, z).squeeze(-1)
        return self.head(h)


def main():
    torch.manual_seed(21)
    model = Routed()
    opt = torch.optim.Adam(model.parameters(), lr=4e-3)
    teacher = torch.randn(8, 4)
    for step in range(20):
        x = torch.randn(32, 8)
        y = (x @ teacher).argmax(-1)
        loss = F.cross_entropy(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        if step % 5 == 0:
            acc = (model(x).argmax(-1) == y).float().mean()
            print(step, loss.item(), acc.item())


main()
