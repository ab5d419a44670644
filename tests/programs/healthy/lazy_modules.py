"""Lazy layers take their sizes from the first batch, before the optimizer is built."""

import torch
import torch.nn as nn

torch.manual_seed(12)


class LazyHyper(nn.Module):
    def __init__(self, width=6):
        super().__init__()
        self.width = width
        self.read = nn.LazyConv1d(8, 3, padding=1)
        self.norm = nn.LazyBatchNorm1d()
        self.film = nn.LazyLinear(2 * width)
        self.main = nn.LazyLinear(width)
        self.out = nn.LazyLinear(1)

    def forward(self, signal, x):
        summary = torch.relu(self.norm(self.read(signal))).mean(2)
        scale, shift = self.film(summary).chunk(2, dim=1)
        return self.out(torch.tanh(self.main(x) * (1 + scale) + shift))


model = LazyHyper()
model(torch.randn(4, 2, 12), torch.randn(4, 3))
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for step in range(8):
    signal, x = torch.randn(32, 2, 12), torch.randn(32, 3)
    y = x.sum(1, keepdim=True) * signal.mean((1, 2)).unsqueeze(1)
    loss = (model(signal, x) - y).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
