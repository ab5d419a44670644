"""Time-varying weights are interpolated with NumPy between hypernet knots."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class KnotHyper(nn.Module):
    def __init__(self, knots=4, n=6):
        super().__init__()
        self.knots = nn.Parameter(torch.randn(knots, 5))
        self.f = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, n))

    def forward(self):
        return self.f(self.knots)


def interpolate(values, t):
    grid = np.linspace(0, 1, len(values))
    with torch.no_grad():
        v = np.asarray(values)  # HC110 HC105
    cols = [np.interp(t, grid, v[:, j]) for j in range(v.shape[1])]
    return torch.tensor(np.stack(cols), dtype=torch.float32)  # HC110 HC112


torch.manual_seed(0)
hyper, bias = KnotHyper(), nn.Parameter(torch.zeros(2))
opt = torch.optim.Adam([*hyper.parameters(), bias], lr=1e-2)
for i in range(8):
    t = float(torch.rand(()))
    w = interpolate(hyper().detach().requires_grad_(False), t).view(2, 3)  # HC104 HC110
    x = torch.randn(16, 3)
    loss = F.mse_loss(F.linear(x, w, bias), x[:, :2] * t)
    opt.zero_grad()
    loss.backward()
    opt.step()
