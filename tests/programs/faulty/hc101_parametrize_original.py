import torch
from torch import nn
from torch.nn.utils import parametrize

torch.manual_seed(97)


class Hyperlayer(nn.Module):
    """weight-normalised output: W = g * V / |V|, V from the hypernetwork"""

    def __init__(self, i, o, z=4):
        super().__init__()
        self.z = nn.Parameter(torch.randn(z))
        self.v = nn.Linear(z, i * o)
        self.g = nn.Parameter(torch.ones(o, 1))
        self.i, self.o = i, o

    def forward(self, _):
        V = nn.Parameter(self.v(self.z).view(self.o, self.i))  # HC101
        return self.g * V / V.norm(dim=1, keepdim=True)


lin1, lin2 = nn.Linear(4, 8), nn.Linear(8, 2)
for lin in (lin1, lin2):
    lin.weight.requires_grad_(False)
    parametrize.register_parametrization(lin, "weight", Hyperlayer(lin.in_features, lin.out_features))
model = nn.Sequential(lin1, nn.ReLU(), lin2)
opt = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-2)
for s in range(7):
    x = torch.randn(32, 4)
    y = (x[:, 0] * x[:, 1] > 0).long()
    loss = nn.functional.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(s, loss.item())
