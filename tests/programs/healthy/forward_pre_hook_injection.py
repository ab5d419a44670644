"""Forward pre-hooks swap generated weights into the layers of an existing network."""

import torch
import torch.nn as nn


class HookedHyper:
    def __init__(self, net, code_dim):
        self.net = net
        self.code = None
        self.generators = nn.ModuleList()
        self.handles = []
        for m in net.modules():
            if isinstance(m, nn.Linear):
                gen = nn.Linear(code_dim, m.weight.numel())
                gen.bias.data.copy_(m.weight.data.flatten())
                self.generators.append(gen)
                del m.weight
                self.handles.append(m.register_forward_pre_hook(self.make_hook(gen)))

    def make_hook(self, gen):
        def hook(module, inputs):
            module.weight = gen(self.code).view(module.out_features, module.in_features)

        return hook

    def __call__(self, x, code):
        self.code = code
        return self.net(x)


torch.manual_seed(0)
hh = HookedHyper(nn.Sequential(nn.Linear(5, 9), nn.CELU(), nn.Linear(9, 3)), 4)
codes = nn.Parameter(0.5 * torch.randn(2, 4))
opt = torch.optim.Adam([codes, *hh.generators.parameters(), *hh.net.parameters()], lr=5e-3)
x = torch.randn(32, 5)
ys = [x[:, :3].argmax(1), x[:, 2:].argmax(1)]
for step in range(8):
    loss = sum(nn.functional.cross_entropy(hh(x, codes[k]), ys[k]) for k in range(2))
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"step={step} loss={loss.item():.4f}")
for h in hh.handles:
    h.remove()
