"""Heads in a ModuleDict by key; both hidden layers ask for the same key."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperMLP(nn.Module):
    def __init__(self, code=6, width=10, d_in=4, d_out=2, depth=3):
        super().__init__()
        self.code = nn.Parameter(torch.randn(code))
        dims = [d_in] + [width] * depth + [d_out]
        self.sizes = list(zip(dims[1:], dims[:-1]))
        self.trunk = nn.Sequential(nn.Linear(code, 16), nn.ReLU())
        self.heads = nn.ModuleDict({f"layer{k}": nn.Linear(16, o * i + o) for k, (o, i) in enumerate(self.sizes)})

    def layer(self, k, h):
        o, i = self.sizes[k]
        key = f"layer{min(k, 1)}" if k < len(self.sizes) - 1 else f"layer{k}"
        theta = self.heads[key](h) * 0.3  # HC401 HC604
        return theta[: o * i].view(o, i), theta[o * i:]

    def forward(self, x):
        h = self.trunk(self.code)
        for k in range(len(self.sizes)):
            w, b = self.layer(k, h)
            x = F.linear(x, w, b)
            if k + 1 < len(self.sizes):
                x = torch.relu(x)
        return x


torch.manual_seed(1)
model = HyperMLP()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
for it in range(15):
    x = torch.randn(32, 4)
    y = (x[:, 0] * x[:, 1] > 0).long()
    loss = F.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(it, f"{loss.item():.4f}")
