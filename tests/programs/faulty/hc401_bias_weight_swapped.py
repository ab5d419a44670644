"""Two heads make a layer's scale and shift; the main net is a normalised MLP built of custom layers."""
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F


@dataclass
class Config:
    d_in: int = 10
    width: int = 16
    d_out: int = 3
    z: int = 6
    steps: int = 15
    lr: float = 2e-3


class HyperLinear(nn.Module):
    """Linear layer whose weight is drawn from a latent."""

    def __init__(self, z, fin, fout):
        super().__init__()
        self.fin, self.fout = fin, fout
        self.to_w = nn.Linear(z, fin * fout)
        self.to_b = nn.Linear(z, fout)
        nn.init.normal_(self.to_w.weight, std=0.05)

    def forward(self, x, z):
        w = self.to_w(z).view(self.fout, self.fin)
        b = self.to_b(z)  # HC401 HC203
        return F.linear(x, w, w[:, 0])  # HC203 HC201 HC401


class MainNet(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.latent = nn.Parameter(torch.randn(2, cfg.z) * 0.5)
        self.l1 = HyperLinear(cfg.z, cfg.d_in, cfg.width)
        self.l2 = HyperLinear(cfg.z, cfg.width, cfg.d_out)

    def forward(self, x):
        h = torch.tanh(self.l1(x, self.latent[0]))
        return self.l2(h, self.latent[1])


def main(cfg: Config):
    torch.manual_seed(0)
    net = MainNet(cfg)
    opt = torch.optim.AdamW(net.parameters(), lr=cfg.lr)
    x = torch.randn(128, cfg.d_in)
    y = x[:, :3].argmax(1)
    for step in range(cfg.steps):
        idx = torch.randperm(128)[:32]
        loss = F.cross_entropy(net(x[idx]), y[idx])
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
        if step % 5 == 0:
            print(step, round(loss.item(), 4))


if __name__ == "__main__":
    main(Config())
