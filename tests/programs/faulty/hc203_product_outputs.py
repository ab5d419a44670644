import torch
import torch.nn as nn
from functools import reduce
import torch.nn.functional as F


class HyperClassifier(nn.Module):
    def __init__(self, dims=(20, 10, 4), emb=5, width=12):
        super().__init__()
        self.dims = dims
        n_weights = reduce(lambda a, b: a * b, dims)
        self.z = nn.Parameter(torch.randn(emb))
        self.trunk = nn.Sequential(nn.Linear(emb, width), nn.ReLU())
        self.to_weights = nn.Linear(width, n_weights)  # HC203

    def forward(self, x):
        flat = self.to_weights(self.trunk(self.z))
        pos = 0
        for k, (i, o) in enumerate(zip(self.dims, self.dims[1:])):
            x = F.linear(x, flat[pos : pos + i * o].view(o, i))
            pos += i * o
            if k < len(self.dims) - 2:
                x = F.relu(x)
        return x


torch.manual_seed(0)
model = HyperClassifier()
opt = torch.optim.Adam(model.parameters(), 1e-3)
x, y = torch.randn(64, 20), torch.randint(0, 4, (64,))
for e in range(3):
    for i in range(0, 64, 16):
        opt.zero_grad()
        F.cross_entropy(model(x[i : i + 16]), y[i : i + 16]).backward()
        opt.step()
