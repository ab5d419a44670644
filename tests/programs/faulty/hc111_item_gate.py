"""HyperLayer with a generated gain: W = gain * W0."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class GainHyper(nn.Module):
    def __init__(self, zdim, n_layers):
        super().__init__()
        self.z = nn.Parameter(torch.randn(zdim))
        self.net = nn.Sequential(nn.Linear(zdim, 8), nn.Tanh(), nn.Linear(8, n_layers))

    def forward(self):
        return 1.0 + self.net(self.z)


class Scaled(nn.Module):
    def __init__(self, dims):
        super().__init__()
        self.W = nn.ParameterList([nn.Parameter(torch.randn(o, i) / i ** 0.5) for i, o in zip(dims, dims[1:])])
        self.hyper = GainHyper(3, len(self.W))

    def forward(self, x):
        gains = self.hyper()
        for k, W in enumerate(self.W):
            g = gains[k].item()  # HC111
            x = F.linear(x, g * W)
            if k + 1 < len(self.W):
                x = F.relu(x)
        return x


torch.manual_seed(1)
net = Scaled([4, 10, 10, 2])
opt = torch.optim.SGD(net.parameters(), lr=0.05)
x = torch.randn(64, 4)
y = (x[:, 0] > x[:, 1]).long()
for t in range(9):
    opt.zero_grad()
    loss = F.cross_entropy(net(x), y)
    loss.backward()
    opt.step()
    print(t, loss.item())
