import torch
import torch.nn as nn
import torch.nn.functional as F


class BaseHyper(nn.Module):
    def __init__(self, cond):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(cond, 16), nn.ReLU())
        self.build_heads()

    def build_heads(self):
        raise NotImplementedError


class PerLayerHyper(BaseHyper):
    shapes = {"w1": (8, 4), "b1": (8,), "w2": (2, 8), "b2": (2,)}

    def build_heads(self):
        self.heads = {k: nn.Linear(16, torch.Size(s).numel()) for k, s in self.shapes.items()}  # HC303

    def forward(self, c):
        h = self.trunk(c)
        return {k: self.heads[k](h).view(s) for k, s in self.shapes.items()}


def main_forward(x, p):
    return F.linear(F.relu(F.linear(x, p["w1"], p["b1"])), p["w2"], p["b2"])


torch.manual_seed(0)
hyper = PerLayerHyper(3)
opt = torch.optim.Adam(hyper.parameters(), lr=1e-2)
for i in range(10):
    c, x = torch.randn(3), torch.randn(16, 4)
    loss = F.cross_entropy(main_forward(x, hyper(c)), torch.randint(0, 2, (16,)))
    opt.zero_grad()
    loss.backward()
    opt.step()
