"""Weights written into a big preallocated 'bank'; a mask zeroes the wrong half afterwards."""
import torch
import torch.nn as nn


class BankHyper(nn.Module):
    def __init__(self, n_layers=3, d=6, z=5):
        super().__init__()
        self.n, self.d = n_layers, d
        self.z = nn.Parameter(torch.randn(n_layers, z))
        self.net = nn.Sequential(nn.Linear(z, 20), nn.SiLU(), nn.Linear(20, d * d))

    def forward(self):
        bank = torch.zeros(self.n, self.d, self.d)
        for k in range(self.n):
            bank[k] = self.net(self.z[k]).view(self.d, self.d) / self.d ** 0.5
        bank[1:] = torch.eye(self.d)  # HC205
        return bank


def flow(x, bank):
    logdet = 0.0
    for w in bank:
        x = torch.tanh(x @ w.T) + x
        logdet = logdet + x.abs().mean()
    return x, logdet


torch.manual_seed(12)
hyper = BankHyper()
opt = torch.optim.Adam([{"params": [hyper.z], "lr": 1e-2}, {"params": hyper.net.parameters()}], lr=1e-3)
A = torch.randn(6, 6)
for step in range(12):
    x = torch.randn(40, 6)
    y, reg = flow(x, hyper())
    loss = (y - x @ A).pow(2).mean() + 0.01 * reg
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, f"{loss.item():.3f}")
