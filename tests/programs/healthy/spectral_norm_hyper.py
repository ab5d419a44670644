"""Spectrally normalised generator of the weights of a Lipschitz regressor."""

import torch
import torch.nn as nn
from torch.nn.utils.parametrizations import spectral_norm

torch.manual_seed(6)


class SNHyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = spectral_norm(nn.Linear(3, 16))
        self.l2 = spectral_norm(nn.Linear(16, 6 * 8 + 8))

    def forward(self, c):
        return self.l2(torch.nn.functional.silu(self.l1(c)))


hyper = SNHyper()
last = nn.utils.spectral_norm(nn.Linear(8, 1))
optimizer = torch.optim.Adam(list(hyper.parameters()) + list(last.parameters()), lr=5e-3)
for step in range(8):
    c = torch.randn(16, 3)
    x = torch.randn(16, 6)
    y = (x[:, :3] * c).sum(1, keepdim=True)
    theta = 4 * hyper(c)
    h = torch.bmm(x.unsqueeze(1), theta[:, :48].view(16, 6, 8)).squeeze(1) + theta[:, 48:]
    loss = (last(torch.tanh(h)) - y).abs().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print("step", step, "L1", loss.item())
