"""Python numbers leave the graph for logging, for a data-dependent schedule and for routing statistics only (twin of HC111)."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class MultiHyper(nn.Module):
    def __init__(self, n=3, cond=4, n_in=5):
        super().__init__()
        self.gate = nn.Sequential(nn.Linear(cond, 12), nn.ReLU(), nn.Linear(12, n))
        self.parts = nn.ModuleList(nn.Linear(cond, 2 * n_in) for _ in range(n))
        self.n_in = n_in
        self.stats = []
        for p in self.parts:
            nn.init.normal_(p.weight, std=0.2)

    def forward(self, c, temp):
        probs = (self.gate(c) / temp).softmax(-1)
        self.stats.append([round(p.item(), 4) for p in probs])
        scale = max(1.0, probs.detach().abs().max().item())
        total = sum(k * p(c) for k, p in zip(probs.unbind(), self.parts))
        return total.view(2, self.n_in) / scale


def main():
    torch.manual_seed(0)
    net = MultiHyper()
    opt = torch.optim.Adam(net.parameters(), lr=4e-3)
    temp = 2.0
    for step in range(18):
        c = torch.randn(4)
        x = torch.randn(20, 5)
        y = ((x[:, :4] * c).sum(1) > 0).long()
        loss = F.cross_entropy(F.linear(x, net(c, temp)), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        temp = max(1.0, temp - 0.02 * loss.item())
    print(loss.item(), torch.tensor(net.stats).mean(0).tolist())


main()
