import torch
import torch.nn as nn
import torch.nn.functional as F


class CondHyper(nn.Module):
    """BayesByHypernet-like: a mis-wired trunk; every layer reads the noise, so all but the last are unused."""

    def __init__(self, z=4, h=16, n=6 * 3 + 3):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(z, h), nn.Linear(z, h), nn.Linear(z, n)])

    def forward(self, z):
        out = z
        for i, layer in enumerate(self.layers):
            out = layer(z)  # HC401 HC203
            if i < 2:
                out = F.relu(out)  # HC401 HC203
        return out


torch.manual_seed(0)
hyper = CondHyper()
opt = torch.optim.Adam(hyper.parameters(), 1e-3)
for i in range(10):
    x = torch.randn(32, 6)
    y = torch.randint(0, 3, (32,))
    thetas = hyper(torch.randn(5, 4))
    loss = sum(F.cross_entropy(F.linear(x, t[:18].view(3, 6), t[18:]), y) for t in thetas) / 5
    opt.zero_grad()
    loss.backward()
    opt.step()
