"""Layer codes: the layer counter is never increased, so each layer asks for code 0."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class LayerwiseHyper(nn.Module):
    def __init__(self, depth=4, e=6, d=8):
        super().__init__()
        self.codes = nn.ParameterList(nn.Parameter(torch.randn(e)) for _ in range(depth))
        self.gen = nn.Sequential(nn.Linear(e, 24), nn.ReLU(), nn.Linear(24, d * d + d))
        self.d = d

    def forward(self, layer):
        t = self.gen(self.codes[layer])  # HC604 HC401
        return t[: self.d ** 2].view(self.d, self.d) * 0.3, t[self.d ** 2:]


class DeepMain(nn.Module):
    def __init__(self, depth=4, d=8):
        super().__init__()
        self.hyper, self.depth = LayerwiseHyper(depth, d=d), depth
        self.head = nn.Linear(d, 2)

    def forward(self, x):
        layer = 0
        for _ in range(self.depth):
            x = x + torch.relu(F.linear(x, *self.hyper(layer)))  # HC604 HC401
        return self.head(x)


torch.manual_seed(0)
net = DeepMain()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for step in range(15):
    x = torch.randn(32, 8)
    loss = F.cross_entropy(net(x), (x[:, 0] * x[:, 1] > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, f"{loss.item():.4f}")
