"""Residual hypernet: W = W0 + dW(cond).  W0 of every layer is a trained tensor."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class ResidualHyper(nn.Module):
    def __init__(self, cond, shapes):
        super().__init__()
        self.delta = nn.ModuleDict({k: nn.Linear(cond, torch.Size(s).numel()) for k, s in shapes.items()})
        self.anchor = nn.Parameter(torch.zeros(cond))
        for k, s in shapes.items():
            std = s[-1] ** -0.5
            setattr(self, k, torch.empty(s).normal_(std=std).requires_grad_(True))  # HC301
        self.shapes = shapes

    def forward(self, c):
        c = c + self.anchor
        return {k: getattr(self, k) + 0.1 * self.delta[k](c).view(s) for k, s in self.shapes.items()}


def net(x, w):
    return F.linear(F.gelu(F.linear(x, w["w_in"])), w["w_out"])


torch.manual_seed(3)
hyper = ResidualHyper(3, {"w_in": (8, 4), "w_out": (2, 8)})
opt = torch.optim.AdamW(hyper.parameters(), lr=3e-3)
for i in range(7):
    c = torch.randn(3)
    x = torch.randn(32, 4)
    y = (x[:, :3] @ c > 0).long()
    loss = F.cross_entropy(net(x, hyper(c)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("step", i, "loss", loss.item())
