"""Classifier-free guidance with a high drop rate; sampling with both branches in one batch (twin of HC602)."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class CondHyper(nn.Module):
    def __init__(self, cond=4, n_in=5, hid=8, drop=0.5):
        super().__init__()
        self.drop, self.n_in, self.hid = drop, n_in, hid
        self.null = nn.Parameter(torch.randn(cond) * 0.5)
        self.trunk = nn.Sequential(nn.Linear(cond, 16), nn.SiLU())
        self.w1, self.w2 = nn.Linear(16, hid * n_in), nn.Linear(16, hid)
        nn.init.normal_(self.w1.weight, std=0.1)
        nn.init.normal_(self.w2.weight, std=0.1)

    def forward(self, c, x, keep=None):
        if keep is None:
            keep = torch.rand(c.size(0), 1) >= self.drop
        h = self.trunk(torch.where(keep, c, self.null))
        y = torch.tanh(torch.bmm(self.w1(h).view(-1, self.hid, self.n_in), x.unsqueeze(-1)))
        return torch.bmm(self.w2(h).unsqueeze(1), y).flatten()

    @torch.no_grad()
    def guided(self, c, x, scale=2.0):
        both = self(
            torch.cat([c, c]), torch.cat([x, x]), torch.tensor([[True]] * len(c) + [[False]] * len(c))
        )
        cond, free = both.chunk(2)
        return free + scale * (cond - free)


def main():
    torch.manual_seed(0)
    net = CondHyper()
    opt = torch.optim.AdamW(net.parameters(), lr=3e-3)
    for step in range(18):
        c, x = torch.randn(24, 4), torch.randn(24, 5)
        loss = F.mse_loss(net(c, x), torch.tanh((x[:, :4] * c).sum(1)))
        opt.zero_grad()
        loss.backward()
        opt.step()
        if step % 6 == 5:
            print(step, loss.item(), net.guided(c, x).std().item())


main()
