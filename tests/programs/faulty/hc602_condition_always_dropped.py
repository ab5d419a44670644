"""Classifier-free guidance: the keep mask is inverted, so that with drop rate 0 the condition never gets through."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class CondHyper(nn.Module):
    def __init__(self, cond=4, n_in=5, hid=8, drop=0.0):
        super().__init__()
        self.drop, self.n_in, self.hid = drop, n_in, hid
        self.null = nn.Parameter(torch.randn(cond) * 0.5)
        self.trunk = nn.Sequential(nn.Linear(cond, 16), nn.SiLU())
        self.w1, self.w2 = nn.Linear(16, hid * n_in), nn.Linear(16, hid)
        nn.init.normal_(self.w1.weight, std=0.1)
        nn.init.normal_(self.w2.weight, std=0.1)

    def mask(self, c):
        keep = (torch.rand(c.size(0), 1) < self.drop).to(c.dtype)
        return keep * c + (1 - keep) * self.null  # HC602

    def forward(self, c, x):
        h = self.trunk(self.mask(c))
        y = torch.tanh(torch.bmm(self.w1(h).view(-1, self.hid, self.n_in), x.unsqueeze(-1)))
        return torch.bmm(self.w2(h).unsqueeze(1), y).flatten()


def main():
    torch.manual_seed(0)
    net = CondHyper()
    opt = torch.optim.AdamW(net.parameters(), lr=3e-3)
    for step in range(18):
        c, x = torch.randn(24, 4), torch.randn(24, 5)
        y = torch.tanh((x[:, :4] * c).sum(1))
        loss = F.mse_loss(net(c, x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        if step % 6 == 5:
            print(step, loss.item())


main()
