"""Gradient accumulation over micro-batches with a layer-wise hypernetwork."""

import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F

parser = argparse.ArgumentParser()
parser.add_argument("--accum", type=int, default=4)
parser.add_argument("--micro", type=int, default=8)
parser.add_argument("--updates", type=int, default=6)
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()
torch.manual_seed(args.seed)


class HyperLayer(nn.Module):
    def __init__(self, zdim, n_in, n_out):
        super().__init__()
        self.n_in, self.n_out = n_in, n_out
        self.w = nn.Linear(zdim, n_in * n_out)
        self.b = nn.Linear(zdim, n_out)

    def forward(self, x, z):
        return F.linear(x, self.w(z).view(self.n_out, self.n_in), self.b(z))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.z = nn.Parameter(0.5 * torch.randn(3, 8))
        self.layers = nn.ModuleList([HyperLayer(8, 6, 12), HyperLayer(8, 12, 12), HyperLayer(8, 12, 2)])

    def forward(self, x):
        for i, l in enumerate(self.layers):
            x = l(x, self.z[i])
            if i < 2:
                x = F.silu(x)
        return x


net = Net()
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
optimizer.zero_grad()
total = 0.0
for i in range(args.accum * args.updates):
    x = torch.randn(args.micro, 6)
    y = torch.stack([x[:, 0] * x[:, 1], x[:, 2]], 1)
    loss = F.mse_loss(net(x), y) / args.accum
    loss.backward()
    total += loss.item()
    if (i + 1) % args.accum == 0:
        optimizer.step()
        optimizer.zero_grad()
        print(f"update {(i + 1) // args.accum}: loss {total:.4f}")
        total = 0.0
