"""Bilevel with an unrolled torch.optim-free inner loop on a Parameter-holding functional state; T1-T2 hyperparameters."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class RegHyper(nn.Module):
    """STN/hyperparameter hypernetwork: best-response weights as a function of log lambda."""

    def __init__(self, n):
        super().__init__()
        self.w0 = nn.Parameter(torch.randn(n) * 0.1)
        self.dw = nn.Linear(1, n, bias=False)

    def forward(self, lam):
        return self.w0 + self.dw(lam)


torch.manual_seed(0)
n = 10
hyper, lam = RegHyper(n), nn.Parameter(torch.tensor([0.0]))
w_opt, l_opt = torch.optim.Adam(hyper.parameters(), 1e-2), torch.optim.Adam([lam], 1e-1)
X, Xv, true = torch.randn(20, n), torch.randn(20, n), torch.randn(n)
Y, Yv = X @ true + torch.randn(20), Xv @ true
for it in range(12):
    noisy = (lam + 0.1 * torch.randn(1)).detach()
    w = hyper(noisy)
    train = F.mse_loss(X @ w, Y) + noisy.exp().squeeze() * w.pow(2).mean()
    w_opt.zero_grad()
    train.backward()
    w_opt.step()
    if it % 2:
        val = F.mse_loss(Xv @ hyper(lam), Yv)
        l_opt.zero_grad()
        val.backward()
        l_opt.step()
