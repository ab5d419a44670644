"""A Fourier neural operator whose complex spectral weights are generated from the viscosity."""

import torch
import torch.nn as nn

torch.manual_seed(0)


class SpectralHyper(nn.Module):
    def __init__(self, width=4, modes=5):
        super().__init__()
        self.width, self.modes = width, modes
        self.net = nn.Sequential(nn.Linear(1, 32), nn.GELU(), nn.Linear(32, width * width * modes * 2))
        self.phase = nn.Parameter(torch.randn(modes, dtype=torch.cfloat) * 0.1 + 1)

    def forward(self, viscosity):
        flat = self.net(viscosity).view(self.width, self.width, self.modes, 2)
        return torch.view_as_complex(flat) * self.phase


class Operator(nn.Module):
    def __init__(self, width=4, modes=5):
        super().__init__()
        self.modes = modes
        self.hyper = SpectralHyper(width, modes)
        self.lift, self.project = nn.Conv1d(1, width, 1), nn.Conv1d(width, 1, 1)

    def forward(self, u, viscosity):
        h = self.lift(u)
        spectrum = torch.fft.rfft(h)[..., : self.modes]
        mixed = torch.einsum("bim,iom->bom", spectrum, self.hyper(viscosity))
        return self.project(torch.fft.irfft(mixed, n=u.shape[-1]) + h)


model = Operator()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
grid = torch.arange(32) / 32 * 6.2831853
for step in range(8):
    viscosity = torch.rand(1)
    a = torch.randn(8, 1, 1)
    u0, u1 = a * grid.sin(), a * torch.exp(-viscosity) * grid.sin()
    loss = (model(u0, viscosity) - u1).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
