"""Multiplicative normalising flow: noise scales the rows of a Gaussian weight posterior."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class PlanarStep(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.u = nn.Parameter(torch.randn(d) * 0.1)
        self.w = nn.Parameter(torch.randn(d) * 0.1)
        self.b = nn.Parameter(torch.zeros(()))

    def forward(self, z):
        a = torch.tanh(z @ self.w + self.b)
        logdet = torch.log1p((1 - a**2) * (self.u @ self.w) + 1e-6)
        return z + self.u * a.unsqueeze(-1), logdet


class MNFLinear(nn.Module):
    def __init__(self, n_in, n_out, flows=2):
        super().__init__()
        self.mu = nn.Parameter(torch.randn(n_out, n_in) * n_in**-0.5)
        self.log_var = nn.Parameter(torch.full((n_out, n_in), -9.0))
        self.bias = nn.Parameter(torch.zeros(n_out))
        self.q0_mean = nn.Parameter(torch.ones(n_in))
        self.q0_log_var = nn.Parameter(torch.full((n_in,), -6.0))
        self.flow = nn.ModuleList(PlanarStep(n_in) for _ in range(flows))
        self.kl = None

    def sample_z(self):
        z = self.q0_mean + torch.randn_like(self.q0_mean) * (0.5 * self.q0_log_var).exp()
        logdet = 0.0
        for f in self.flow:
            z, ld = f(z)
            logdet = logdet + ld
        return z, logdet

    def forward(self, x):
        z, logdet = self.sample_z()
        mean = F.linear(x * z, self.mu, self.bias)
        var = F.linear(x**2, self.log_var.exp())
        kl_w = 0.5 * ((self.mu * z) ** 2 + self.log_var.exp() - self.log_var - 1).sum()
        self.kl = kl_w - logdet - 0.5 * self.q0_log_var.sum()
        return mean + var.clamp_min(1e-9).sqrt() * torch.randn_like(mean)


class BNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = MNFLinear(1, 16), MNFLinear(16, 1)

    def forward(self, x):
        return self.l2(torch.tanh(self.l1(x)))

    def kl(self):
        return self.l1.kl + self.l2.kl


def main():
    torch.manual_seed(0)
    x = torch.linspace(-2, 2, 40)[:, None]
    y = torch.sin(2 * x) + 0.05 * torch.randn_like(x)
    net = BNN()
    opt = torch.optim.Adam(net.parameters(), lr=1e-2)
    for step in range(25):
        beta = min(1.0, step / 10) / 400
        nll = 0.5 * ((net(x) - y) ** 2).mean() / 0.05 + 0.5 * math.log(0.05)
        loss = nll + beta * net.kl()
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        samples = torch.stack([net(x) for _ in range(20)])
    print(loss.item(), samples.std(0).mean().item())


main()
