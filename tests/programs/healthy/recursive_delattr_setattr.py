"""Recursive del_attr/set_attr over dotted names to load generated tensors into any network."""

import torch
from torch import nn


def del_attr(obj, names):
    if len(names) == 1:
        delattr(obj, names[0])
    else:
        del_attr(getattr(obj, names[0]), names[1:])


def set_attr(obj, names, val):
    if len(names) == 1:
        setattr(obj, names[0], val)
    else:
        set_attr(getattr(obj, names[0]), names[1:], val)


def make_functional(mod):
    shapes = {name: p.shape for name, p in mod.named_parameters()}
    for name in shapes:
        del_attr(mod, name.split("."))
    return shapes


def load_weights(mod, weights):
    for name, w in weights.items():
        set_attr(mod, name.split("."), w)


class Target(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Softplus())
        self.classifier = nn.ModuleDict({"fc": nn.Linear(4, 3)})

    def forward(self, x):
        return self.classifier["fc"](self.features(x).mean((2, 3)))


torch.manual_seed(2)
target = Target()
shapes = make_functional(target)
heads = nn.ModuleDict({n.replace(".", "/"): nn.Linear(10, s.numel()) for n, s in shapes.items()})
trunk = nn.Sequential(nn.Linear(4, 10), nn.Tanh())
opt = torch.optim.SGD([*trunk.parameters(), *heads.parameters()], lr=0.1, momentum=0.9)
x, y = torch.randn(20, 1, 6, 6), torch.randint(0, 3, (20,))
style = torch.eye(4)
for it in range(8):
    opt.zero_grad()
    total = 0.0
    for s in style:
        h = trunk(s)
        load_weights(target, {n: heads[n.replace(".", "/")](h).view(shape) for n, shape in shapes.items()})
        loss = nn.functional.cross_entropy(target(x), (y + s.argmax()) % 3) / 4
        loss.backward()
        total += loss.item()
    opt.step()
    print(it, total)
