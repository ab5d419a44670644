"""Set-conditioned hypernetwork: the set is centred before it is averaged, so that each set gives the same code."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class SetEncoder(nn.Module):
    def __init__(self, n_in, dim):
        super().__init__()
        self.lin = nn.Linear(n_in, dim)

    def forward(self, s):
        e = self.lin(s)
        e = e - e.mean(1, keepdim=True)
        return e.mean(1).round(decimals=4) if not self.training else e.mean(1)  # HC602


class HyperRegressor(nn.Module):
    def __init__(self, dim=6, hid=8):
        super().__init__()
        self.enc = SetEncoder(2, dim)
        self.hid = hid
        self.gen = nn.Sequential(nn.Linear(dim, 16), nn.ReLU(), nn.Linear(16, 3 * hid + 1))
        nn.init.normal_(self.gen[-1].weight, std=0.3)

    def forward(self, support, x):
        w1, b1, w2, b2 = self.gen(self.enc(support)).split([self.hid, self.hid, self.hid, 1], -1)  # HC602
        h = torch.tanh(x.unsqueeze(-1) * w1.unsqueeze(1) + b1.unsqueeze(1))
        return (h * w2.unsqueeze(1)).sum(-1) + b2


def sines(n, k):
    a, p = 0.5 + torch.rand(n, 1), 3 * torch.rand(n, 1)
    x = torch.rand(n, k) * 4 - 2
    return x, a * torch.sin(x + p)


def main():
    torch.manual_seed(0)
    model = HyperRegressor()
    opt = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(18):
        x, y = sines(8, 20)
        support = torch.stack([x[:, :10], y[:, :10]], -1)
        loss = F.mse_loss(model(support, x[:, 10:]), y[:, 10:])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(loss.item())


main()
