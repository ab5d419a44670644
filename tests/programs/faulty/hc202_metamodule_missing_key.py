"""torchmeta/siren style meta modules: forward(x, params=None)."""
from collections import OrderedDict

import torch
from torch import nn
import torch.nn.functional as F


class MetaLinear(nn.Linear):
    def forward(self, x, params=None):
        params = OrderedDict() if params is None else params
        bias = params.get("bias", self.bias)
        return F.linear(x, params.get("weights", self.weight), bias)  # HC202


def subdict(params, key):
    return OrderedDict((k[len(key) + 1:], v) for k, v in params.items() if k.startswith(key + "."))


class MetaMLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.l0 = MetaLinear(2, 8)
        self.l1 = MetaLinear(8, 1)

    def forward(self, x, params=None):
        h = torch.sin(3 * self.l0(x, subdict(params, "l0")))
        return self.l1(h, subdict(params, "l1"))


class HyperNetwork(nn.Module):
    def __init__(self, hypo, latent=6):
        super().__init__()
        self.names, self.shapes, self.nets = [], [], nn.ModuleList()
        for n, p in hypo.named_parameters():
            self.names.append(n)
            self.shapes.append(p.shape)
            self.nets.append(nn.Sequential(nn.Linear(latent, 10), nn.ReLU(), nn.Linear(10, p.numel())))

    def forward(self, z):
        return OrderedDict((n, net(z).view(s)) for n, s, net in zip(self.names, self.shapes, self.nets))


torch.manual_seed(1)
hypo = MetaMLP()
hyper = HyperNetwork(hypo)
latents = nn.Embedding(3, 6)
optim = torch.optim.Adam(list(hyper.parameters()) + list(latents.parameters()), lr=1e-3)
coords = torch.rand(50, 2) * 2 - 1
for step in range(9):
    k = step % 3
    gt = torch.sin((k + 1) * coords.sum(1, keepdim=True))
    loss = F.mse_loss(hypo(coords, hyper(latents(torch.tensor(k)))), gt)
    optim.zero_grad()
    loss.backward()
    optim.step()
    print("image", k, "loss", loss.item())
