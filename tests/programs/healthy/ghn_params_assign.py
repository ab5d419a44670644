"""GHN-like: weights of many architectures predicted per node, set by module._parameters, several archs per step."""

import random

import torch
import torch.nn as nn
import torch.nn.functional as F


def make_arch(rng):
    widths = [rng.choice([4, 6, 8]) for _ in range(rng.choice([1, 2]))]
    layers, d = [], 5
    for w in widths:
        layers += [nn.Linear(d, w), nn.ReLU()]
        d = w
    return nn.Sequential(*layers, nn.Linear(d, 3))


class GHN(nn.Module):
    def __init__(self, hid=12, mx=8):
        super().__init__()
        self.mx = mx
        self.op = nn.Embedding(3, hid)
        self.shape_enc = nn.Linear(2, hid)
        self.gru = nn.GRUCell(hid, hid)
        self.dec = nn.Sequential(nn.Linear(hid, 24), nn.ReLU(), nn.Linear(24, mx * mx))
        self.bias = nn.Linear(hid, mx)

    def forward(self, nets):
        for net in nets:
            state = torch.zeros(1, self.op.embedding_dim)
            for m in net:
                if not isinstance(m, nn.Linear):
                    continue
                shp = torch.tensor([[m.in_features, m.out_features]]).float().log()
                state = self.gru(self.op(torch.tensor([1])) + self.shape_enc(shp), state)
                w = self.dec(state).view(self.mx, self.mx)[: m.out_features, : m.in_features]
                w = w * (2 / m.in_features) ** 0.5
                b = torch.tanh(0.2 * self.bias(state)[0, : m.out_features])
                if self.training:
                    m._parameters["weight"], m._parameters["bias"] = w, b
                else:
                    m.weight.data, m.bias.data = w.clone(), b.clone()
        return nets


torch.manual_seed(0)
rng = random.Random(0)
ghn = GHN()
opt = torch.optim.AdamW(ghn.parameters(), lr=1e-3)
for step in range(8):
    nets = ghn([make_arch(rng) for _ in range(3)])
    x, y = torch.randn(20, 5), torch.randint(0, 3, (20,))
    loss = sum(F.cross_entropy(n(x), y) for n in nets) / len(nets)
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(ghn.parameters(), 5)
    opt.step()
ghn.eval()
with torch.no_grad():
    test = ghn([make_arch(rng)])[0]
    print(F.cross_entropy(test(x), y).item())
