"""SIREN meta-network: a hypernetwork with one small MLP per parameter tensor fits several images."""

import math
from collections import OrderedDict

import torch
from torch import nn


class BatchLinear(nn.Linear):
    def forward(self, input, params=None):
        if params is None:
            params = OrderedDict(self.named_parameters())
        bias = params.get("bias", None)
        weight = params["weight"]
        output = input.matmul(weight.permute(*[i for i in range(len(weight.shape) - 2)], -1, -2))
        output += bias.unsqueeze(-2)
        return output


class SineNet(nn.Module):
    def __init__(self, hidden=12):
        super().__init__()
        self.net = nn.ModuleList(
            [BatchLinear(2, hidden), BatchLinear(hidden, hidden), BatchLinear(hidden, 1)]
        )
        with torch.no_grad():
            self.net[0].weight.uniform_(-0.5, 0.5)
            for l in self.net[1:]:
                l.weight.uniform_(-math.sqrt(6 / hidden) / 30, math.sqrt(6 / hidden) / 30)

    def forward(self, coords, params):
        x = coords
        for i, l in enumerate(self.net):
            sub = OrderedDict((k.split(".")[-1], v) for k, v in params.items() if k.startswith(f"net.{i}."))
            x = l(x, sub)
            if i < len(self.net) - 1:
                x = torch.sin(30 * x)
        return x


class HyperNetwork(nn.Module):
    def __init__(self, hyper_in, hyper_hidden, hypo_module):
        super().__init__()
        self.names, self.nets, self.param_shapes = [], nn.ModuleList(), []
        for name, param in hypo_module.named_parameters():
            self.names.append(name)
            self.param_shapes.append(param.size())
            hn = nn.Sequential(
                nn.Linear(hyper_in, hyper_hidden), nn.LeakyReLU(), nn.Linear(hyper_hidden, param.numel())
            )
            with torch.no_grad():
                nn.init.kaiming_normal_(hn[-1].weight, a=0.0, nonlinearity="relu", mode="fan_in")
                hn[-1].weight.data /= 1e2
                if param.dim() == 2:
                    hn[-1].bias.copy_(param.flatten())
                else:
                    hn[-1].bias.uniform_(-1 / 12, 1 / 12)
            self.nets.append(hn)

    def forward(self, z):
        params = OrderedDict()
        for name, net, shape in zip(self.names, self.nets, self.param_shapes):
            params[name] = net(z).reshape((-1,) + tuple(shape))
        return params


class MetaSDF(nn.Module):
    def __init__(self, n_images, latent=6):
        super().__init__()
        self.latent = nn.Embedding(n_images, latent)
        nn.init.normal_(self.latent.weight, mean=0, std=0.5)
        self.hypo_net = SineNet()
        self.hyper_net = HyperNetwork(latent, 16, self.hypo_net)

    def forward(self, idx, coords):
        z = self.latent(idx)
        return self.hypo_net(coords, params=self.hyper_net(z)), z


torch.manual_seed(0)
side = torch.linspace(-1, 1, 8)
coords = torch.stack(torch.meshgrid(side, side, indexing="ij"), -1).view(1, -1, 2).expand(3, -1, -1)
imgs = torch.stack([torch.sin(3 * coords[0, :, :1] + k) * torch.cos(2 * coords[0, :, 1:]) for k in range(3)])
model = MetaSDF(3)
optim = torch.optim.Adam(params=model.parameters(), lr=5e-4)
for step in range(8):
    out, z = model(torch.arange(3), coords)
    image_loss = ((out - imgs) ** 2).mean()
    loss = image_loss + 1e-2 * (z**2).mean()
    optim.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
    optim.step()
    print(f"Step {step}, Total loss {loss.item():.6f}")
