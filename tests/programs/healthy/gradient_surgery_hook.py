"""register_hook on generated weights clips and masks their gradient; forward hook swaps the weights in."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Injector:
    def __init__(self, module, hyper):
        self.hyper, self.cond = hyper, None
        module.register_forward_pre_hook(self.pre)
        module.register_forward_hook(self.post)

    def pre(self, module, args):
        w = self.hyper(self.cond).view(module.out_features, module.in_features)
        w.register_hook(lambda g: g.clamp(-0.1, 0.1))
        self.saved = module._parameters.pop("weight")
        module.weight = self.saved + w

    def post(self, module, args, out):
        del module.weight
        module._parameters["weight"] = self.saved
        return out


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 2))
hyper = nn.Sequential(nn.Linear(3, 12), nn.Tanh(), nn.Linear(12, 40))
inj = Injector(net[0], hyper)
opt = torch.optim.Adam([*net.parameters(), *hyper.parameters()], lr=1e-3)
for i in range(8):
    inj.cond, x = torch.randn(3), torch.randn(16, 5)
    loss = F.cross_entropy(net(x), (x[:, 0] > inj.cond[0]).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
