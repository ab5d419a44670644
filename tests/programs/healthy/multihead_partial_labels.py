"""Multi-task heads decoded for all tasks at once; each batch has labels of a few tasks (NaN = missing)."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class AllHeads(nn.Module):
    def __init__(self, tasks=8, code=4, feat=6):
        super().__init__()
        self.codes = nn.Parameter(torch.randn(tasks, code) * 0.5)
        self.gen = nn.Sequential(nn.Linear(code, 16), nn.Tanh(), nn.Linear(16, feat + 1))
        nn.init.normal_(self.gen[-1].weight, std=0.2)
        self.trunk = nn.Sequential(nn.Linear(5, feat), nn.ReLU())

    def forward(self, x):
        p = self.gen(self.codes)
        return F.linear(self.trunk(x), p[:, :-1], p[:, -1])


def masked_bce(logits, y):
    ok = ~y.isnan()
    raw = F.binary_cross_entropy_with_logits(logits, torch.nan_to_num(y), reduction="none")
    return (raw * ok).sum() / ok.sum().clamp_min(1)


def main():
    torch.manual_seed(0)
    net = AllHeads()
    opt = torch.optim.Adam(net.parameters(), lr=5e-3)
    rule = torch.randn(5, 8)
    for step in range(12):
        x = torch.randn(16, 5)
        y = (x @ rule > 0).float()
        y[torch.rand_like(y) < 0.5] = float("nan")
        y[:, 5 + step // 6 :] = float("nan")
        loss = masked_bce(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(loss.item())


main()
