"""GHN-like generator that writes predicted tensors into fresh nn.Modules of varying shape."""

import random

import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(0)
torch.manual_seed(0)


def sample_net():
    w = random.choice([6, 8])
    if random.random() < 0.5:
        return nn.Sequential(nn.Linear(4, w), nn.Tanh(), nn.Linear(w, 2))
    return nn.Sequential(nn.Linear(4, w), nn.Tanh(), nn.Linear(w, w), nn.Tanh(), nn.Linear(w, 2))


class Predictor(nn.Module):
    MAX = (8, 8)

    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(4, 32), nn.SiLU())
        self.weight = nn.Linear(32, self.MAX[0] * self.MAX[1])
        self.bias = nn.Linear(32, self.MAX[0])

    def forward(self, net):
        linears = [m for m in net.modules() if isinstance(m, nn.Linear)]
        for depth, m in enumerate(linears):
            o, i = m.weight.shape
            h = self.enc(torch.tensor([o / 8, i / 8, depth / 3, len(linears) / 3]))
            self._set(m, "weight", self.weight(h).view(self.MAX)[:o, :i] / i**0.5)
            self._set(m, "bias", self.bias(h)[:o])
        return net

    def _set(self, module, key, tensor):
        assert module._parameters[key].shape == tensor.shape
        if self.training:
            module.__dict__[key] = tensor
            module._parameters[key] = tensor
        else:
            module._parameters[key].data = tensor.clone()


ghn = Predictor()
opt = torch.optim.Adam(ghn.parameters(), lr=5e-3)
for step in range(10):
    x = torch.randn(32, 4)
    y = (x.sum(1) > 0).long()
    nets = [ghn(sample_net()) for _ in range(3)]
    loss = sum(F.cross_entropy(n(x), y) for n in nets) / len(nets)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("step", step, "loss", loss.item())
ghn.eval()
with torch.no_grad():
    net = ghn(sample_net())
    print("test acc", (net(x).argmax(1) == y).float().mean().item())
