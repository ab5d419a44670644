"""Hard Gumbel-softmax routing over generated experts."""

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(0)


class RoutedHyper(nn.Module):
    def __init__(self, experts=3, z=5, i=6, o=2):
        super().__init__()
        self.i, self.o = i, o
        self.z = nn.Parameter(torch.randn(experts, z))
        self.gen = nn.Sequential(nn.Linear(z, 16), nn.Tanh(), nn.Linear(16, i * o + o))
        self.router = nn.Linear(i, experts)

    def forward(self, x, tau):
        gate = F.gumbel_softmax(self.router(x), tau=tau, hard=True)
        theta = gate @ self.gen(self.z)
        w, b = theta[:, : self.i * self.o].view(-1, self.o, self.i), theta[:, self.i * self.o :]
        return (w @ x.unsqueeze(-1)).squeeze(-1) + b


net = RoutedHyper()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for it in range(10):
    x = torch.randn(48, 6)
    y = torch.stack([x[:, 0].abs(), x[:, 1].relu()], 1)
    loss = F.mse_loss(net(x, tau=max(0.5, 1.0 - 0.05 * it)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(it, loss.item())
