"""Library-like: BaseHyperNet.generate() + target forward with externals."""
import abc
from collections import OrderedDict

import torch
import torch.nn as nn
import torch.nn.functional as F


class BaseHyperNet(nn.Module, abc.ABC):
    @abc.abstractmethod
    def generate(self, cond):
        ...


class MLPHyperNet(BaseHyperNet):
    def __init__(self, in_dim, shapes, hidden=10):
        super().__init__()
        self.shapes = OrderedDict(shapes)
        self.layers = nn.Sequential(nn.Linear(in_dim, hidden), nn.ReLU())
        self.out = nn.Linear(hidden, sum(torch.Size(s).numel() for s in self.shapes.values()))

    @torch.no_grad()  # HC105
    def generate(self, cond):
        flat = self.out(self.layers(cond))
        res, at = OrderedDict(), 0
        for name, shape in self.shapes.items():
            n = torch.Size(shape).numel()
            res[name] = flat[at:at + n].view(shape)
            at += n
        return res


class Target(nn.Module):
    def __init__(self, hyper):
        super().__init__()
        self.hyper = hyper
        self.norm = nn.LayerNorm(6)
        self.bias_out = nn.Parameter(torch.zeros(2))

    def forward(self, x, cond):
        w = self.hyper.generate(cond)
        h = torch.relu(F.linear(x, w["fc1.weight"], w["fc1.bias"]))
        return F.linear(self.norm(h), w["fc2.weight"], self.bias_out)


def main():
    torch.manual_seed(1234)
    hyper = MLPHyperNet(2, [("fc1.weight", (6, 3)), ("fc1.bias", (6,)), ("fc2.weight", (2, 6))])
    model = Target(hyper)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for i in range(7):
        cond = torch.rand(2)
        x = torch.randn(20, 3)
        y = (x @ torch.tensor([1.0, -1.0, 0.5]) > cond[0]).long()
        loss = F.cross_entropy(model(x, cond), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(i, loss.item())


main()
