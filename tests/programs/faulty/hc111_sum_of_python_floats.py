"""Aggregation of several hypernetworks: the mixing coefficients are computed with Python floats."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Gate(nn.Module):
    def __init__(self, cond, n):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(cond, 12), nn.ReLU(), nn.Linear(12, n))

    def forward(self, c):
        probs = self.f(c).softmax(-1)
        return [round(p.item(), 4) for p in probs]  # HC111


class MultiHyper(nn.Module):
    def __init__(self, n=3, cond=4, n_in=5):
        super().__init__()
        self.gate = Gate(cond, n)
        self.parts = nn.ModuleList(nn.Linear(cond, 2 * n_in) for _ in range(n))
        self.n_in = n_in
        for p in self.parts:
            nn.init.normal_(p.weight, std=0.2)

    def forward(self, c):
        coef = self.gate(c)
        total = sum(k * p(c) for k, p in zip(coef, self.parts))
        return total.view(2, self.n_in)


def main():
    torch.manual_seed(0)
    net = MultiHyper()
    opt = torch.optim.Adam(net.parameters(), lr=4e-3)
    for step in range(16):
        c = torch.randn(4)
        x = torch.randn(20, 5)
        y = ((x[:, :4] * c).sum(1) > 0).long()
        loss = F.cross_entropy(F.linear(x, net(c)), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(loss.item())


main()
