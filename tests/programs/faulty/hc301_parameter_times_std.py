"""Initial scale multiplied onto the Parameter: the attribute is a plain computed tensor."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class LayerCodes(nn.Module):
    def __init__(self, n_layers, dim, std=0.02):
        super().__init__()
        self.raw = nn.Parameter(torch.randn(n_layers, dim))
        self.codes = (self.raw * std).detach().requires_grad_()  # HC301 HC104

    def forward(self, k):
        return self.codes[k]


class HyperStack(nn.Module):
    def __init__(self, depth=3, d=8, dim=5):
        super().__init__()
        self.layers = LayerCodes(depth, dim)
        self.gen = nn.Sequential(nn.Linear(dim, 16), nn.Tanh(), nn.Linear(16, d * d))
        self.head = nn.Linear(d, 2)
        self.depth, self.d = depth, d

    def forward(self, x):
        for k in range(self.depth):
            w = self.gen(self.layers(k)).view(self.d, self.d)
            x = x + torch.relu(x @ w)
        return self.head(x)


torch.manual_seed(0)
net = HyperStack()
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
for it in range(12):
    x = torch.randn(32, 8)
    loss = F.cross_entropy(net(x), (x[:, 0] > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(it, f"{loss.item():.4f}")
