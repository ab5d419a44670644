"""SMASH one-shot architecture search (shape of ajbrock/SMASH: a hypernet maps a binary architecture code to 1x1 conv weights)."""
import argparse
import itertools

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

parser = argparse.ArgumentParser(description='SMASH')
parser.add_argument('--depth', type=int, default=3)
parser.add_argument('--width', type=int, default=6)
parser.add_argument('--epochs', type=int, default=5)
parser.add_argument('--batch-size', type=int, default=16)
parser.add_argument('--lr', type=float, default=5e-3)
parser.add_argument('--seed', type=int, default=3)


class Arch:
    """Which earlier memory banks each op reads, and its dilation."""
    def __init__(self, depth, rng):
        self.read = [[int(rng.rand() < 0.7) for _ in range(i + 1)] for i in range(depth)]
        for r in self.read:
            if not any(r):
                r[-1] = 1
        self.dilation = [int(rng.choice([1, 2])) for _ in range(depth)]

    def encode(self, depth):
        code = torch.zeros(depth, depth + 2)
        for i, r in enumerate(self.read):
            code[i, :len(r)] = torch.tensor(r, dtype=torch.float)
            code[i, depth + self.dilation[i] - 1] = 1.0
        return code


class SMASH(nn.Module):
    def __init__(self, depth, width, n_classes=3):
        super().__init__()
        self.depth, self.width = depth, width
        self.stem = nn.Conv2d(1, width, 3, padding=1)
        self.layer_code = nn.Parameter(torch.randn(depth, 4))
        self.hyper = nn.Sequential(nn.Linear(depth + 2 + 4, 24), nn.LeakyReLU(0.02), nn.Linear(24, 24), nn.LeakyReLU(0.02))
        self.hyper_out = nn.Linear(24, width * width * depth)
        nn.init.normal_(self.hyper_out.weight, std=0.1)
        self.ops = nn.ModuleList([nn.Conv2d(width, width, 3, padding=0, groups=width, bias=False) for _ in range(depth)])
        self.norms = nn.ModuleList([nn.GroupNorm(2, width) for _ in range(depth)])
        self.fc = nn.Linear(width, n_classes)

    def generate(self, arch):
        code = torch.cat([arch.encode(self.depth), self.layer_code], dim=1)
        w = self.hyper_out(self.hyper(code))
        w = w.view(self.depth, self.width, self.width * self.depth, 1, 1)
        mask = torch.zeros_like(w)
        mask[:, :, :self.width * 2] = 1
        w = w * mask + (w * (1 - mask)).pow(2).sum(dim=2, keepdim=True).mul(0).sqrt()  # HC403
        return w

    def forward(self, x, arch):
        W = self.generate(arch)
        banks = [F.leaky_relu(self.stem(x), 0.02)]
        for i in range(self.depth):
            idx = [j for j, on in enumerate(arch.read[i]) if on]
            h = torch.cat([banks[j] for j in idx], dim=1)
            cols = torch.cat([torch.arange(j * self.width, (j + 1) * self.width) for j in idx])
            h = F.conv2d(h, W[i][:, cols])
            d = arch.dilation[i]
            h = F.conv2d(h, self.ops[i].weight, padding=d, dilation=d, groups=self.width)
            banks.append(F.leaky_relu(self.norms[i](h), 0.02))
        return self.fc(banks[-1].mean((2, 3)))


def train_fn(net, opt, x, y, arch):
    opt.zero_grad()
    out = net(x, arch)
    loss = F.cross_entropy(out, y)
    loss.backward()
    opt.step()
    return loss.item()


def score(net, x, y, arch):
    net.eval()
    with torch.no_grad():
        err = (net(x, arch).argmax(1) != y).float().mean().item()
    net.train()
    return err


def main(args):
    torch.manual_seed(args.seed)
    rng = np.random.RandomState(args.seed)
    y = torch.randint(0, 3, (96,))
    x = torch.randn(3, 1, 8, 8)[y] + 0.4 * torch.randn(96, 1, 8, 8)
    net = SMASH(args.depth, args.width)
    opt = torch.optim.Adam(net.parameters(), lr=args.lr, weight_decay=1e-4)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.epochs * 6)
    for epoch in range(args.epochs):
        losses = []
        for i in range(0, 96, args.batch_size):
            arch = Arch(args.depth, rng)
            losses.append(train_fn(net, opt, x[i:i + args.batch_size], y[i:i + args.batch_size], arch))
            sched.step()
        print(f'Epoch {epoch} loss {np.mean(losses):.4f}')
    scores = sorted(((score(net, x, y, a), k) for k, a in zip(itertools.count(), [Arch(args.depth, rng) for _ in range(5)])))
    print('best arch', scores[0])


if __name__ == '__main__':
    main(parser.parse_args())
