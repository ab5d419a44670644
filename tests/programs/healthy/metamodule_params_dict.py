"""MetaModule-style network that gets its params dict from a hypernetwork (neural process flavour)."""

import re
from collections import OrderedDict

import torch
import torch.nn as nn
import torch.nn.functional as F


class MetaModule(nn.Module):
    def meta_named_parameters(self):
        yield from self.named_parameters()

    def get_subdict(self, params, key=None):
        if params is None:
            return None
        key_re = re.compile(rf"^{re.escape(key)}\.(.+)")
        return OrderedDict((key_re.sub(r"\1", k), v) for k, v in params.items() if key_re.match(k))


class MetaLinear(nn.Linear, MetaModule):
    def forward(self, x, params=None):
        params = OrderedDict(self.named_parameters()) if params is None else params
        return x @ params["weight"].transpose(-1, -2) + params["bias"].unsqueeze(-2)


class MetaSequential(nn.Sequential, MetaModule):
    def forward(self, x, params=None):
        for name, module in self._modules.items():
            if isinstance(module, MetaModule):
                x = module(x, params=self.get_subdict(params, name))
            else:
                x = module(x)
        return x


class NeuralProcess(nn.Module):
    def __init__(self, latent=8):
        super().__init__()
        self.set_encoder = nn.Sequential(nn.Linear(2, 24), nn.SiLU(), nn.Linear(24, latent))
        hypo = MetaSequential(MetaLinear(1, 10), nn.Tanh(), MetaLinear(10, 10), nn.Tanh(), MetaLinear(10, 1))
        self.__dict__["hypo"] = hypo
        self.hyper = nn.ModuleDict(
            {n.replace(".", "-"): nn.Linear(latent, p.numel()) for n, p in hypo.meta_named_parameters()}
        )

    def forward(self, ctx_x, ctx_y, x):
        z = self.set_encoder(torch.cat([ctx_x, ctx_y], -1)).mean(1)
        params = OrderedDict()
        for n, p in self.hypo.meta_named_parameters():
            params[n] = self.hyper[n.replace(".", "-")](z).view(-1, *p.shape)
        return self.hypo(x, params=params)


torch.manual_seed(0)
model = NeuralProcess()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
for it in range(8):
    a, b = torch.rand(16, 1, 1) + 0.5, torch.rand(16, 1, 1) * 3
    x = torch.rand(16, 20, 1) * 4 - 2
    y = a * torch.sin(2 * x + b)
    loss = F.mse_loss(model(x[:, :8], y[:, :8], x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"Iteration {it} loss {loss.item():.5f}")
