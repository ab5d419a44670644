"""Generated kernels fake-quantised to int8 with straight-through, scale detached, per-channel zero points."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Quantizer:
    def __init__(self, bits=8):
        self.top = 2 ** (bits - 1) - 1

    def __call__(self, w):
        scale = w.detach().abs().amax() / self.top
        q = torch.clamp(w / scale, -self.top, self.top).to(torch.int8)
        return w + (q.to(w.dtype) * scale - w).detach()


class HyperConv(nn.Module):
    def __init__(self, z, cin, cout, k=3):
        super().__init__()
        self.z = nn.Parameter(torch.randn(z))
        self.shape = (cout, cin, k, k)
        self.lin = nn.Linear(z, cout * cin * k * k)
        self.quant = Quantizer()

    def forward(self, x):
        return F.conv2d(x, self.quant(self.lin(self.z).view(self.shape)), padding=1)


torch.manual_seed(0)
net = nn.Sequential(
    HyperConv(6, 1, 4),
    nn.BatchNorm2d(4),
    nn.ReLU(),
    HyperConv(6, 4, 4),
    nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
    nn.Linear(4, 2),
)
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, nesterov=True)
for it in range(10):
    x = torch.rand(16, 1, 8, 8)
    loss = F.cross_entropy(net(x), (x[:, 0, :4].mean((1, 2)) > 0.5).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(it, f"{loss.item():.4f}")
