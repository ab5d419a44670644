"""One-shot architecture search: random architectures get their weights from an architecture code."""

import random

import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(1)
torch.manual_seed(1)
C, DEPTH = 6, 3
ACTS = [torch.tanh, F.gelu, torch.sin]


def sample_arch():
    return [(random.randrange(l + 1), random.randrange(3)) for l in range(DEPTH)]


def encode(arch):
    code = torch.zeros(DEPTH, DEPTH + 3)
    for l, (src, act) in enumerate(arch):
        code[l, src] = 1
        code[l, DEPTH + act] = 1
    return code


class SmashHyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.ctx = nn.GRU(DEPTH + 3, 16, batch_first=True, bidirectional=True)
        self.out = nn.Linear(32, C * C * 3)

    def forward(self, code):
        h, _ = self.ctx(code.unsqueeze(0))
        return self.out(h[0]).view(DEPTH, C, C, 3)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hyper = SmashHyper()
        self.stem, self.head = nn.Conv1d(2, C, 3, padding=1), nn.Linear(C, 4)
        self.bn = nn.ModuleList(
            nn.BatchNorm1d(C, affine=False, track_running_stats=False) for _ in range(DEPTH)
        )

    def forward(self, x, arch):
        ws = self.hyper(encode(arch))
        feats = [self.stem(x)]
        for l, (src, act) in enumerate(arch):
            y = F.conv1d(feats[src], ws[l], padding=1)
            feats.append(feats[-1] + ACTS[act](self.bn[l](y)))
        return self.head(feats[-1].mean(-1))


net = Net()
opt = torch.optim.Adam(net.parameters(), 3e-3)
x, y = torch.randn(32, 2, 8), torch.randint(0, 4, (32,))
for it in range(8):
    arch = sample_arch()
    loss = F.cross_entropy(net(x, arch), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(it, arch, round(loss.item(), 4))
with torch.no_grad():
    scored = sorted((F.cross_entropy(net(x, a), y).item(), a) for a in [sample_arch() for _ in range(6)])
print("best", scored[0])
