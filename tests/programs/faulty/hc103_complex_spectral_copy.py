"""Spectral convolution with complex weights that a hypernetwork makes for each equation."""
import torch
import torch.nn as nn

torch.manual_seed(0)


class SpectralConv(nn.Module):
    def __init__(self, width, modes):
        super().__init__()
        self.modes = modes
        self.weight = nn.Parameter(torch.randn(width, width, modes, dtype=torch.cfloat) / width)

    def forward(self, h):
        spectrum = torch.fft.rfft(h)[..., : self.modes]
        mixed = torch.einsum("bim,iom->bom", spectrum, self.weight)
        return torch.fft.irfft(mixed, n=h.shape[-1])


class Operator(nn.Module):
    def __init__(self, equations, width=4, modes=5):
        super().__init__()
        self.equation = nn.Embedding(equations, 6)
        self.net = nn.Sequential(nn.Linear(6, 32), nn.GELU(), nn.Linear(32, width * width * modes * 2))
        self.lift, self.conv, self.project = nn.Conv1d(1, width, 1), SpectralConv(width, modes), nn.Conv1d(width, 1, 1)

    def forward(self, u, index):
        flat = self.net(self.equation(index)).view(*self.conv.weight.shape, 2)
        spectral = torch.view_as_complex(flat)
        with torch.no_grad():
            self.conv.weight.copy_(spectral)  # HC103
        h = self.lift(u)
        return self.project(self.conv(h) + h)


model = Operator(2)
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
grid = torch.arange(32) / 32 * 6.2831853
for step in range(8):
    index = torch.tensor(step % 2)
    a = torch.randn(8, 1, 1)
    u0 = a * grid.sin()
    u1 = a * (grid + index).sin()
    loss = (model(u0, index) - u1).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
