"""One registered template network shapes the generated weights; everything of the wrapper goes to Adam."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 5, 3)
        self.fc = nn.Linear(5, 3)


class Wrapper(nn.Module):
    def __init__(self, n_clients=2):
        super().__init__()
        self.base = Backbone()
        self.e = nn.Embedding(n_clients, 5)
        self.mlp = nn.Sequential(nn.Linear(5, 20), nn.LeakyReLU())
        self.heads = nn.ModuleList([nn.Linear(20, p.numel()) for p in self.base.parameters()])

    def forward(self, x, client):
        h = self.mlp(self.e(client))
        w = [head(h).reshape(p.shape) for head, p in zip(self.heads, self.base.parameters())]
        x = F.conv2d(x, w[0], w[1])
        x = torch.tanh(x).flatten(2).mean(-1)
        return F.linear(x, w[2], w[3])


torch.manual_seed(0)
model = Wrapper()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
x = torch.randn(32, 1, 6, 6)
y = torch.randint(0, 3, (32,))
for r in range(8):
    loss = sum(F.cross_entropy(model(x, torch.tensor(c)), (y + c) % 3) for c in range(2)) / 2
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("round", r, "loss", loss.item())
