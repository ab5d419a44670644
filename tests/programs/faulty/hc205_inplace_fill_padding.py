"""A 'causal mask' for a generated conv kernel is written with .data on the kernel: it zeroes ALL taps, not the future ones."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def causal_(w):
    k = w.size(-1)
    w.data[..., : k // 2 + 1] = 0  # HC205 HC102
    w.data[..., k // 2 :] = 0  # HC205 HC102
    return w


class TCN(nn.Module):
    def __init__(self):
        super().__init__()
        self.hyper = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 4 * 2 * 5))
        self.skip, self.out = nn.Conv1d(2, 4, 1), nn.Conv1d(4, 1, 1)

    def forward(self, x, c):
        w = causal_(self.hyper(c).view(4, 2, 5))
        return self.out(F.relu(F.conv1d(x, w, padding=2) + self.skip(x)))


torch.manual_seed(0)
net = TCN()
opt = torch.optim.Adam(net.parameters(), 1e-3)
for i in range(8):
    x, c = torch.randn(6, 2, 10), torch.randn(3)
    loss = F.mse_loss(net(x, c), x.sum(1, keepdim=True) * c[0])
    opt.zero_grad()
    loss.backward()
    opt.step()
