"""A generated weight delta registered through torch.nn.utils.parametrize."""

import torch
import torch.nn as nn
import torch.nn.utils.parametrize as parametrize


class HyperDelta(nn.Module):
    def __init__(self, hyper, context, shape):
        super().__init__()
        self.hyper, self.context, self.shape = hyper, context, shape
        self.head = nn.Linear(12, shape[0] * shape[1])

    def forward(self, W):
        return W + 0.1 * self.head(self.hyper(self.context["z"])).view(self.shape)


torch.manual_seed(0)
zs = torch.randn(4, 3)
context = {"z": zs[0]}
trunk = nn.Sequential(nn.Linear(3, 12), nn.Tanh())
net = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 1))
for layer in (net[0], net[2]):
    parametrize.register_parametrization(
        layer, "weight", HyperDelta(trunk, context, tuple(layer.weight.shape))
    )
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
x = torch.randn(30, 5)
for step in range(8):
    loss = 0
    for k in range(4):
        context["z"] = zs[k]
        loss = loss + (net(x) - torch.sin(x[:, :1] + zs[k, 0])).pow(2).mean() / 4
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, float(loss))
