import warnings

import torch
from torch import nn

warnings.filterwarnings("ignore", category=UserWarning)


class NeuronGenerator(nn.Module):
    """HyperNEAT/CPPN-like: a small net is asked for every single connection (i, j)."""

    def __init__(self, hidden=10):
        super().__init__()
        self.cppn = nn.Sequential(nn.Linear(3, hidden), nn.Tanh(), nn.Linear(hidden, 1))

    def weight(self, layer, i, j):
        return self.cppn(torch.tensor([float(layer), i / 4.0, j / 4.0])).squeeze()

    def matrix(self, layer, n_out, n_in):
        vals = [self.weight(layer, i, j) for i in range(n_out) for j in range(n_in)]
        return torch.tensor(vals).view(n_out, n_in)  # HC112


torch.manual_seed(0)
gen = NeuronGenerator()
b1, b2 = nn.Parameter(torch.zeros(4)), nn.Parameter(torch.zeros(1))
opt = torch.optim.SGD([*gen.parameters(), b1, b2], lr=0.05)
x = torch.randn(30, 3)
y = x[:, :1] - x[:, 1:2]
for g in range(6):
    h = torch.sigmoid(x @ gen.matrix(0, 4, 3).T + b1)
    out = h @ gen.matrix(1, 1, 4).T + b2
    loss = (out - y).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("generation", g, "mse", loss.item())
