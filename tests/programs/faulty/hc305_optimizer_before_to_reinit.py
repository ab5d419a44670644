"""The optimizer is built, then `reset_hyper` re-creates the generator (custom init)."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def make_generator(z, n, scale):
    net = nn.Sequential(nn.Linear(z, 16), nn.ReLU(), nn.Linear(16, n))
    nn.init.normal_(net[-1].weight, std=scale)
    return net


class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.z = nn.Parameter(torch.randn(4))
        self.generator = make_generator(4, 3 * 6, 1.0)
        self.bias = nn.Parameter(torch.zeros(3))

    def rescale(self, s):
        self.generator = make_generator(4, 3 * 6, s)  # HC305 HC304

    def forward(self, x):
        return F.linear(x, self.generator(self.z).view(3, 6), self.bias)


torch.manual_seed(0)
m = M()
opt = torch.optim.Adam(m.parameters(), lr=1e-3)  # HC305 HC304
m.rescale(0.05)
for i in range(9):
    x, y = torch.randn(16, 6), torch.randint(0, 3, (16,))
    loss = F.cross_entropy(m(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
