"""Auto-decoded latents + hypernetwork, one optimizer each."""
import torch
from torch import nn
import torch.nn.functional as F


class Latents(nn.Module):
    def __init__(self, n, d):
        super().__init__()
        self.table = nn.Parameter(torch.randn(n, d) * 0.1)


class ShapeHyper(nn.Module):
    def __init__(self, d=4, h=8):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(d, 16), nn.ReLU(), nn.Linear(16, 4 * h))
        self.h = h

    def forward(self, z):
        w, b, v = self.net(z).split([2 * self.h, self.h, self.h], -1)
        return w.view(-1, 2, self.h), b.unsqueeze(1), v.unsqueeze(2)


class Fitter:
    def __init__(self):
        self.lat, self.hyper = Latents(3, 4), ShapeHyper()
        self.opt_hyper = torch.optim.Adam(self.hyper.parameters(), lr=2e-3)
        self.opt_lat = torch.optim.Adam(self.lat.parameters(), lr=1e-2)
        self.optims = {"hyper": self.opt_hyper, "latents": self.opt_lat}

    def loss(self):
        x = torch.rand(3, 20, 2)
        y = (x.sum(-1, keepdim=True) * torch.arange(1.0, 4.0).view(3, 1, 1)).sin()
        w, b, v = self.hyper(self.lat.table)
        return F.mse_loss(torch.tanh(x @ w + b) @ v, y)

    def step(self):
        for o in self.optims.values():
            o.zero_grad()
        loss = self.loss()
        loss.backward()  # HC503
        self.opt_hyper.step()
        return loss.item()


torch.manual_seed(25)
fit = Fitter()
for i in range(8):
    print(i, fit.step())
