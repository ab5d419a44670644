import torch
import torch.nn as nn
import torch.nn.functional as F


class MainNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x):
        return self.l2(F.relu(self.l1(x)))


def assign(module, name, value, as_param=False):
    if name in module._parameters:
        del module._parameters[name]
    if as_param:
        module.register_parameter(name, nn.Parameter(value))  # HC101
    else:
        setattr(module, name, value)


class Engine:
    def __init__(self):
        torch.manual_seed(0)
        self.main = MainNet()
        self.z = nn.Parameter(torch.randn(5))
        self.gen = nn.ModuleDict({"l1": nn.Linear(5, 48), "l2": nn.Linear(5, 24)})
        self.opt = torch.optim.Adam([self.z, *self.gen.parameters()], lr=1e-2)

    def epoch(self, n):
        for _ in range(5):
            for name, g in self.gen.items():
                layer = getattr(self.main, name)
                shape = (layer.out_features, layer.in_features)
                if isinstance(getattr(layer, "weight", None), torch.Tensor) and "weight" in layer.__dict__:
                    del layer.weight
                assign(layer, "weight", g(self.z).view(shape), as_param=n > 0)
            x = torch.randn(16, 6)
            loss = F.cross_entropy(self.main(x), torch.randint(0, 3, (16,)))
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()


engine = Engine()
for n in range(3):
    engine.epoch(n)
