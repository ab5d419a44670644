"""hyperlight-like: with main.using(weights): ... ; plain attributes set and removed again."""

import contextlib

import torch
import torch.nn as nn
import torch.nn.functional as F


class ExternalParameter(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape, self.data_ = shape, None

    def get(self):
        assert self.data_ is not None
        return self.data_


class HyperConv(nn.Module):
    def __init__(self, i, o, k=3):
        super().__init__()
        self.weight, self.bias = ExternalParameter((o, i, k, k)), ExternalParameter((o,))

    def forward(self, x):
        return F.conv2d(x, self.weight.get(), self.bias.get(), padding=1)


class HyperModule(nn.Sequential):
    def externals(self):
        return {n: m for n, m in self.named_modules() if isinstance(m, ExternalParameter)}

    @contextlib.contextmanager
    def using(self, params):
        ext = self.externals()
        for k, v in params.items():
            ext[k].data_ = v
        try:
            yield self
        finally:
            for e in ext.values():
                e.data_ = None


class HyperNet(nn.Module):
    def __init__(self, ext, c=2):
        super().__init__()
        self.shapes = {k: e.shape for k, e in ext.items()}
        self.backbone = nn.Sequential(nn.Linear(2 * c, 16), nn.LeakyReLU())
        self.out = nn.ModuleList(nn.Linear(16, torch.Size(s).numel()) for s in self.shapes.values())
        self.indep = nn.ParameterList(nn.Parameter(torch.randn(s) * 0.1) for s in self.shapes.values())
        for o in self.out:
            o.weight.data.mul_(0.1)
            o.bias.data.zero_()

    def forward(self, g):
        z = self.backbone(torch.cat([torch.cos(g * torch.pi / 2), torch.sin(g * torch.pi / 2)]))
        return {k: o(z).view(s) + w for (k, s), o, w in zip(self.shapes.items(), self.out, self.indep)}


torch.manual_seed(0)
main = HyperModule(HyperConv(1, 4), nn.ReLU(), HyperConv(4, 4), nn.ReLU())
head = nn.Linear(4, 2)
hn = HyperNet(main.externals())
opt = torch.optim.Adam([*hn.parameters(), *head.parameters()], 1e-3)
for i in range(8):
    g, x, y = torch.rand(2), torch.randn(6, 1, 6, 6), torch.randint(0, 2, (6,))
    with main.using(hn(g)):
        loss = F.cross_entropy(head(main(x).mean((2, 3))), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
