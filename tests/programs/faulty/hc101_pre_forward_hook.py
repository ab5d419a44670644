"""Hooked adapters: every conv gets its kernel from a small generator just before it runs."""
import torch
from torch import nn


class KernelGen(nn.Module):
    def __init__(self, conv, zdim=4):
        super().__init__()
        self.shape = conv.weight.shape
        self.z = nn.Parameter(torch.randn(zdim) * 0.3)
        self.net = nn.Linear(zdim, conv.weight.numel())

    def forward(self):
        return self.net(self.z).view(self.shape)


backbone = None


def attach(module, generator):
    def pre_hook(mod, args):
        mod._parameters["weight"] = nn.Parameter(generator())  # HC101

    return module.register_forward_pre_hook(pre_hook)


def run():
    global backbone
    torch.manual_seed(11)
    backbone = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3),
    )
    gens = nn.ModuleList(KernelGen(m) for m in backbone if isinstance(m, nn.Conv2d))
    for conv, g in zip([m for m in backbone if isinstance(m, nn.Conv2d)], gens):
        attach(conv, g)
    trainable = list(gens.parameters()) + list(backbone[-1].parameters())
    optim = torch.optim.Adam(trainable, lr=1e-2)
    img, lab = torch.randn(12, 1, 8, 8), torch.randint(0, 3, (12,))
    for i in range(6):
        optim.zero_grad()
        loss = nn.functional.cross_entropy(backbone(img), lab)
        loss.backward()
        optim.step()
        print("iter %d  ce %.4f" % (i, loss.item()))


if __name__ == "__main__":
    run()
