"""GHN-like: encode a small architecture graph, predict all parameters with shape-specific decoders, del + setattr."""

import random

import torch
import torch.nn as nn
import torch.nn.functional as F

OPS = {"input": 0, "linear": 1, "conv": 2, "norm": 3}


class ConvNet(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.kind = ["conv", "linear"]
        self.layers = nn.ModuleList([nn.Conv2d(1, c, 3, padding=1), nn.Linear(c, 2)])

    def forward(self, x):
        return self.layers[1](torch.relu(self.layers[0](x)).mean((2, 3)))


class FCNet(nn.Module):
    def __init__(self, h):
        super().__init__()
        self.kind = ["linear", "linear"]
        self.layers = nn.ModuleList([nn.Linear(16, h), nn.Linear(h, 2)])

    def forward(self, x):
        return self.layers[1](torch.relu(self.layers[0](x.flatten(1))))


class GHN(nn.Module):
    def __init__(self, hid=16, max_n=16):
        super().__init__()
        self.embed = nn.Embedding(len(OPS), hid)
        self.shape_enc = nn.Linear(4, hid)
        self.gnn = nn.GRUCell(hid, hid)
        self.decoder_1d = nn.Linear(hid, max_n)
        self.decoder_2d = nn.Sequential(nn.Linear(hid, 24), nn.ReLU(), nn.Linear(24, max_n * max_n))
        self.decoder_4d = nn.Sequential(nn.Linear(hid, 24), nn.ReLU(), nn.Linear(24, max_n * max_n * 9))
        self.max_n = max_n

    def encode(self, net):
        x = self.embed(torch.tensor([OPS[k] for k in net.kind]))
        sz = torch.stack([torch.tensor([*l.out_in]).float() for l in net.layers]) / self.max_n
        x = x + self.shape_enc(sz)
        for _ in range(2):
            x = self.gnn(torch.roll(x, 1, 0), x)
        return x

    def forward(self, net):
        for l in net.layers:
            if not hasattr(l, "out_in"):
                s = list(l.weight.shape) + [0, 0]
                l.out_in = s[:4]
        x = self.encode(net)
        for h, l in zip(x, net.layers):
            o, i, kh, _ = l.out_in
            n = self.max_n
            if kh:
                w = self.decoder_4d(h).view(n, n, 3, 3)[:o, :i] * (2.0 / (i * 9)) ** 0.5
            else:
                w = self.decoder_2d(h).view(n, n)[:o, :i] * (2.0 / i) ** 0.5
            self._set(l, "weight", w * 2)
            self._set(l, "bias", self.decoder_1d(h)[:o] * 0.1)
        return net

    @staticmethod
    def _set(layer, key, value):
        if key in layer._parameters:
            del layer._parameters[key]
        setattr(layer, key, value)


def main():
    torch.manual_seed(0)
    random.seed(0)
    ghn = GHN()
    opt = torch.optim.AdamW(ghn.parameters(), lr=5e-3, weight_decay=1e-4)
    sched = torch.optim.lr_scheduler.MultiStepLR(opt, [20, 28], gamma=0.1)
    y = torch.randint(0, 2, (64,))
    x = torch.randn(64, 1, 4, 4) + y.view(-1, 1, 1, 1) * 1.0
    ghn.train()
    for step in range(30):
        arch = random.choice(
            [ConvNet, FCNet]
        )  # decoder_4d has no gradient when only FC nets are in the meta batch
        nets = [arch(random.choice([4, 8, 16])) for _ in range(2)]
        opt.zero_grad()
        losses = [F.cross_entropy(ghn(n)(x), y) for n in nets]
        loss = torch.stack(losses).mean()
        if torch.isnan(loss):
            raise RuntimeError("the loss is nan")
        loss.backward()
        nn.utils.clip_grad_norm_(ghn.parameters(), 5)
        opt.step()
        sched.step()
        if step % 6 == 0:
            print(step, arch.__name__, loss.item())
    ghn.eval()
    with torch.no_grad():
        net = ghn(ConvNet(16))
        print("unseen width acc", (net(x).argmax(1) == y).float().mean().item())


main()
