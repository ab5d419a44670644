"""SIREN hypernet: an image INR generated from a latent code."""
import math
import torch
import torch.nn as nn


class Sine(nn.Module):
    def __init__(self, w0=30.0):
        super().__init__()
        self.w0 = w0

    def forward(self, x):
        return torch.sin(self.w0 * x)


class Siren(nn.Module):
    def __init__(self, hidden=16):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, hidden), Sine(), nn.Linear(hidden, hidden), Sine(), nn.Linear(hidden, 1))

    def forward(self, coords):
        return self.net(coords)


class HyperNet(nn.Module):
    def __init__(self, shapes, z=8, hidden=32):
        super().__init__()
        self.shapes = shapes
        self.trunk = nn.Sequential(nn.Linear(z, hidden), nn.ReLU())
        self.heads = nn.ModuleDict({k.replace(".", "_"): nn.Linear(hidden, math.prod(s)) for k, s in shapes.items()})

    def forward(self, z):
        h = self.trunk(z)
        return {k: self.heads[k.replace(".", "_")](h).view(s) for k, s in self.shapes.items()}


def set_weights(net, weights):
    for name, w in weights.items():
        owner, attr = name.rsplit(".", 1)
        mod = net.get_submodule(owner)
        if hasattr(mod, attr):
            delattr(mod, attr)
        setattr(mod, attr, nn.Parameter(w))  # HC101


torch.manual_seed(0)
siren = Siren()
shapes = {n: tuple(p.shape) for n, p in siren.named_parameters()}
hyper = HyperNet(shapes)
codes = nn.Embedding(4, 8)
opt = torch.optim.Adam(list(hyper.parameters()) + list(codes.parameters()), lr=1e-3)
grid = torch.stack(torch.meshgrid(torch.linspace(-1, 1, 8), torch.linspace(-1, 1, 8), indexing="ij"), -1).view(-1, 2)
images = torch.rand(4, 64, 1)
for it in range(12):
    i = it % 4
    opt.zero_grad()
    set_weights(siren, hyper(codes(torch.tensor(i))))
    loss = ((siren(grid) - images[i]) ** 2).mean()
    loss.backward()
    opt.step()
print(loss.item())
