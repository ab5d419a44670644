import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F


def get_args(argv=()):
    p = argparse.ArgumentParser()
    p.add_argument("--lr", type=float, default=1e-3)
    p.add_argument("--emb-lr-mult", type=int, default=0.0)
    p.add_argument("--steps", type=int, default=10)
    return p.parse_args(argv)


class H(nn.Module):
    def __init__(self):
        super().__init__()
        self.chunks = nn.Parameter(torch.randn(6, 5))
        self.net = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 4))

    def forward(self):
        return self.net(self.chunks).view(4, 6)


def main(a):
    torch.manual_seed(0)
    h = H()
    opt = torch.optim.Adam(
        [
            {"params": h.net.parameters()},
            {"params": [h.chunks], "lr": a.lr * a.emb_lr_mult},
        ],
        lr=a.lr,
    )  # HC502
    for _ in range(a.steps):
        x, y = torch.randn(16, 6), torch.randint(0, 4, (16,))
        loss = F.cross_entropy(F.linear(x, h()), y)
        opt.zero_grad()
        loss.backward()
        opt.step()


main(get_args())
