"""One head on purpose shared by two hidden layers (weight tying), a layer code differs for the others."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperMLP(nn.Module):
    def __init__(self, code=6, width=10, d_in=4, d_out=2):
        super().__init__()
        self.code = nn.Parameter(torch.randn(code))
        self.sizes = [(width, d_in), (width, width), (width, width), (d_out, width)]
        self.share = [0, 1, 1, 2]
        self.trunk = nn.Sequential(nn.Linear(code, 16), nn.ReLU())
        uniq = {k: s for k, s in zip(self.share, self.sizes)}
        self.heads = nn.ModuleDict({f"layer{k}": nn.Linear(16, o * i + o) for k, (o, i) in uniq.items()})

    def forward(self, x):
        h = self.trunk(self.code)
        for k, (o, i) in enumerate(self.sizes):
            theta = self.heads[f"layer{self.share[k]}"](h) * 0.3
            x = F.linear(x, theta[: o * i].view(o, i), theta[o * i :])
            if k + 1 < len(self.sizes):
                x = torch.relu(x)
        return x


torch.manual_seed(1)
model = HyperMLP()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
for it in range(15):
    x = torch.randn(32, 4)
    loss = F.cross_entropy(model(x), (x[:, 0] * x[:, 1] > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(it, f"{loss.item():.4f}")
