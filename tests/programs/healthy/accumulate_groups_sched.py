import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F


class FiLMGen(nn.Module):
    def __init__(self, c, f):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(c, 16), nn.ReLU())
        self.out = nn.Linear(16, 2 * f)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, c):
        g, b = self.out(self.enc(c)).chunk(2, -1)
        return 1 + g, b


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn, self.conv2 = (
            nn.Conv2d(1, 6, 3, padding=1),
            nn.BatchNorm2d(6, affine=False),
            nn.Conv2d(6, 6, 3),
        )
        self.film, self.fc = FiLMGen(4, 6), nn.Linear(6, 2)

    def forward(self, x, c):
        g, b = self.film(c)
        h = self.bn(self.conv1(x)) * g[..., None, None] + b[..., None, None]
        return self.fc(F.relu(self.conv2(F.relu(h))).mean((2, 3)))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--accum", type=int, default=4)
    p.add_argument("--iters", type=int, default=24)
    a = p.parse_args()
    torch.manual_seed(0)
    net = Net()
    hyper = [q for n, q in net.named_parameters() if n.startswith("film")]
    rest = [q for n, q in net.named_parameters() if not n.startswith("film")]
    opt = torch.optim.AdamW(
        [{"params": rest, "lr": 1e-3}, {"params": hyper, "lr": 1e-2, "weight_decay": 0.0}]
    )
    sched = torch.optim.lr_scheduler.SequentialLR(
        opt,
        [
            torch.optim.lr_scheduler.LinearLR(opt, 0.01, total_iters=2),
            torch.optim.lr_scheduler.CosineAnnealingLR(opt, 4),
        ],
        [2],
    )
    opt.zero_grad(set_to_none=False)
    for it in range(1, a.iters + 1):
        x, c = torch.randn(4, 1, 6, 6), torch.randn(4, 4)
        loss = F.cross_entropy(net(x, c), (c[:, 0] > 0).long()) / a.accum
        loss.backward()
        if it % a.accum == 0:
            opt.step()
            sched.step()
            opt.zero_grad(set_to_none=False)


main()
