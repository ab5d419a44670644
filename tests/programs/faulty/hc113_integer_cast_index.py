"""The hypernet 'generates' positions of a deformable kernel: .long() makes them indices."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class OffsetHyper(nn.Module):
    def __init__(self, c, taps=4):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(c, 16), nn.ReLU(), nn.Linear(16, taps))

    def forward(self, c, length):
        pos = torch.sigmoid(self.f(c)) * (length - 1)
        return pos.long()  # HC113


class Sampler(nn.Module):
    def __init__(self, taps=4):
        super().__init__()
        self.offsets = OffsetHyper(3, taps)
        self.w = nn.Parameter(torch.randn(taps) * 0.5)

    def forward(self, x, c):
        idx = self.offsets(c, x.size(1))
        return (x.gather(1, idx) * self.w).sum(1)  # HC113


torch.manual_seed(0)
net = Sampler()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for i in range(10):
    x, c = torch.randn(32, 9), torch.randn(32, 3)
    loss = F.mse_loss(net(x, c), x[:, 2] * c[:, 0])
    opt.zero_grad()
    loss.backward()
    opt.step()
