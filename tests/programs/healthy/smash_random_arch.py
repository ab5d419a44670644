"""SMASH: the hypernet maps a random architecture encoding to the weights of a network that is sampled each step."""

import argparse

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim


class WNC2D(nn.Conv2d):
    def forward(self, x):
        w = self.weight / (self.weight.flatten(1).norm(dim=1).view(-1, 1, 1, 1) + 1e-6)
        return F.conv2d(x, w, self.bias, self.stride, self.padding)


class CL(nn.Module):
    """Concatenate layer output to its input (dense connectivity)."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return torch.cat([x, self.layer(x)], 1)


class SMASH(nn.Module):
    def __init__(self, depth=4, N=4, n_classes=3, n_in=6, lr=5e-3):
        super().__init__()
        self.depth, self.N, self.n_classes = depth, N, n_classes
        self.k = 2
        self.stem = nn.Linear(n_in, N * self.k)
        self.W = nn.ModuleList(
            [nn.Linear(N * self.k, N * self.k) for _ in range(2)]
        )  # freely learned, shared across a block
        self.bn1 = nn.LayerNorm(N * self.k)
        self.fc = nn.Linear(N * self.k, n_classes)
        # random embedding z and architecture encoding c: constants
        self.z = torch.randn(1, 1, self.k, depth)
        self.c_size = self.k + 3
        hG, hD = 6, 2
        self.hyperconv = nn.Sequential(
            *[CL(WNC2D(1 + self.c_size, 7, kernel_size=3, padding=1, bias=False))]
            + [
                CL(
                    nn.Sequential(
                        nn.LeakyReLU(0.02),
                        WNC2D(self.c_size + 8 + i * hG, hG, kernel_size=3, padding=1, bias=False),
                    )
                )
                for i in range(hD)
            ]
            + [
                nn.Sequential(
                    nn.LeakyReLU(0.02),
                    WNC2D(self.c_size + 8 + hD * hG, N * N * self.k, kernel_size=1, bias=False),
                )
            ]
        )
        self.optim = optim.Adam(params=self.parameters(), lr=lr)
        self.lr_sched = {"itr": 0, "lr": lr}

    def update_lr(self, max_iters):
        for group in self.optim.param_groups:
            group["lr"] = 0.5 * self.lr_sched["lr"] * (1 + np.cos(np.pi * self.lr_sched["itr"] / max_iters))
        self.lr_sched["itr"] += 1

    def sample_architecture(self, rng):
        n_layers = rng.randint(2, self.depth + 1)
        arch = []
        for i in range(n_layers):
            arch.append(
                {
                    "read": rng.randint(self.k),
                    "op": rng.randint(3),
                    "use_W": bool(rng.randint(2)),
                    "skip": bool(rng.randint(2)),
                }
            )
        return arch

    def encode(self, arch):
        c = torch.zeros(1, self.c_size, self.k, self.depth)
        for i, layer in enumerate(arch):
            c[0, layer["read"], :, i] = 1
            c[0, self.k + layer["op"], :, i] = 1
        return c

    def forward(self, x, arch, w=None):
        if w is None:
            w = self.hyperconv(torch.cat([self.z, self.encode(arch)], 1))
        h = self.stem(x)
        for i, layer in enumerate(arch):
            weight = w[0, :, :, i].reshape(self.N * self.k, self.N * self.k)
            inp = torch.roll(h, self.N * layer["read"], dims=1)
            out = F.linear(inp, weight)
            out = (F.relu(out), torch.tanh(out), F.leaky_relu(out, 0.02))[layer["op"]]
            if layer["use_W"]:
                out = out + self.W[i % 2](inp)
            h = h + out if layer["skip"] else out
        return self.fc(self.bn1(h))


def train_fn(net, x, y, arch):
    net.optim.zero_grad()
    loss = F.cross_entropy(net(x, arch), y)
    loss.backward()
    net.optim.step()
    return loss.item()


def test_fn(net, x, y, arch):
    with torch.no_grad():
        w = net.hyperconv(torch.cat([net.z, net.encode(arch)], 1))
        return np.mean(
            [
                (net(xb, arch, w).argmax(1) == yb).float().mean().item()
                for xb, yb in zip(x.split(32), y.split(32))
            ]
        )


def train_test(args):
    torch.manual_seed(args.seed)
    rng = np.random.RandomState(args.seed)
    net = SMASH()
    x = torch.randn(128, 6)
    y = (x @ torch.randn(6, 3)).argmax(1)
    max_iters = args.epochs * 6
    for epoch in range(args.epochs):
        losses = []
        for i in range(6):
            net.update_lr(max_iters)
            sel = torch.randperm(128)[:32]
            losses.append(train_fn(net, x[sel], y[sel], net.sample_architecture(rng)))
        archs = [net.sample_architecture(rng) for _ in range(3)]
        accs = [test_fn(net, x, y, a) for a in archs]
        print(
            "Epoch %d loss %.4f, best sampled architecture acc %.3f (%d layers)"
            % (epoch, np.mean(losses), max(accs), len(archs[int(np.argmax(accs))]))
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="SMASH")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    train_test(parser.parse_args())
