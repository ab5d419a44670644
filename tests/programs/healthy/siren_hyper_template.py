"""siren-like: MetaModule params dict, a template net that owns never trained parameters."""

from collections import OrderedDict

import torch
from torch import nn


class BatchLinear(nn.Linear):
    def forward(self, x, params=None):
        if params is None:
            params = OrderedDict(self.named_parameters())
        w, b = params["weight"], params.get("bias")
        out = x.matmul(w.permute(*range(w.ndim - 2), -1, -2))
        return out + b.unsqueeze(-2)


class Hypo(nn.Module):
    def __init__(self, h=16):
        super().__init__()
        self.layers = nn.ModuleList([BatchLinear(2, h), BatchLinear(h, h), BatchLinear(h, 3)])

    def forward(self, x, params):
        for i, l in enumerate(self.layers):
            sub = OrderedDict(
                (k.split(".")[-1], v) for k, v in params.items() if k.startswith(f"layers.{i}.")
            )
            x = l(x, sub)
            if i < 2:
                x = torch.sin(30 * x)
        return x


class HyperNetwork(nn.Module):
    def __init__(self, in_f, hypo):
        super().__init__()
        self.names, self.nets, self.shapes = [], nn.ModuleList(), []
        for name, p in hypo.named_parameters():
            self.names.append(name)
            self.shapes.append(p.shape)
            hn = nn.Sequential(nn.Linear(in_f, 16), nn.ReLU(inplace=True), nn.Linear(16, p.numel()))
            nn.init.kaiming_normal_(hn[-1].weight, a=0.0, nonlinearity="relu", mode="fan_in")
            hn[-1].weight.data = hn[-1].weight.data / 1e2
            if "weight" in name:
                hn[-1].bias.data.uniform_(-1 / p.shape[1], 1 / p.shape[1])
            self.nets.append(hn)

    def forward(self, z):
        return OrderedDict(
            (n, net(z).reshape((-1,) + tuple(s))) for n, net, s in zip(self.names, self.nets, self.shapes)
        )


class SetEncoder(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, d))

    def forward(self, xy, rgb):
        return self.net(torch.cat([xy, rgb], -1)).mean(-2)


class NeuralProcess(nn.Module):
    def __init__(self):
        super().__init__()
        self.hypo_net = Hypo()
        self.hyper_net = HyperNetwork(10, self.hypo_net)
        self.set_encoder = SetEncoder(10)

    def forward(self, xy, rgb, q):
        emb = self.set_encoder(xy, rgb)
        hp = self.hyper_net(emb)
        return {"out": self.hypo_net(q, hp), "latent": emb, "params": hp}


torch.manual_seed(0)
model = NeuralProcess()
optim = torch.optim.Adam(lr=5e-5, params=model.parameters())
for step in range(8):
    xy, rgb = torch.rand(3, 20, 2) * 2 - 1, torch.rand(3, 20, 3)
    r = model(xy, rgb, xy)
    loss = ((r["out"] - rgb) ** 2).mean() + 1e-1 * r["latent"].pow(2).mean()
    loss = (
        loss
        + 1e2
        * sum((w**2).sum() for w in r["params"].values())
        / sum(w.numel() for w in r["params"].values())
        * 1e-2
    )
    optim.zero_grad()
    loss.backward()
    optim.step()
