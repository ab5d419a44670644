"""HyperCNN trainer: kernel of conv2 is produced by a two-layer generator (Ha et al. style)."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from argparse import Namespace

cfg = Namespace(z=5, d=6, ch=4, k=3, steps=7, lr=5e-3, seed=123)


class HyperKernel(nn.Module):
    def __init__(self, z, d, cin, cout, k):
        super().__init__()
        self.cin, self.cout, self.k = cin, cout, k
        self.inp = nn.Linear(z, cin * d)
        self.out = nn.Linear(d, cout * k * k)

    def forward(self, z):
        a = self.inp(z).view(self.cin, -1)
        k = self.out(a).view(self.cin, self.cout, self.k, self.k)
        return k.transpose(0, 1)


class Net(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.z2 = nn.Parameter(torch.randn(cfg.z))
        self.hyper = HyperKernel(cfg.z, cfg.d, cfg.ch, cfg.ch, cfg.k)
        self.conv1 = nn.Conv2d(1, cfg.ch, 3, padding=1)
        self.conv2 = nn.Conv2d(cfg.ch, cfg.ch, cfg.k, padding=1, bias=False)
        self.head = nn.Linear(cfg.ch, 4)

    def forward(self, x):
        self.conv2.weight.data.copy_(self.hyper(self.z2))  # HC102
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        return self.head(x.mean(dim=(2, 3)))


class Trainer:
    def __init__(self, cfg):
        torch.manual_seed(cfg.seed)
        self.cfg = cfg
        self.net = Net(cfg)
        self.optim = torch.optim.SGD(self.net.parameters(), lr=cfg.lr)

    def batch(self):
        return torch.randn(8, 1, 6, 6), torch.randint(0, 4, (8,))

    def fit(self):
        for s in range(self.cfg.steps):
            x, y = self.batch()
            self.optim.zero_grad()
            loss = F.cross_entropy(self.net(x), y)
            loss.backward()
            self.optim.step()
            print(f"[{s}] loss={loss.item():.3f}")


Trainer(cfg).fit()
