"""nn.Linear layers whose weight is replaced by a hypernetwork parametrization (cached within a step)."""

import torch
from torch import nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrize import register_parametrization

torch.manual_seed(44)


class FromEmbedding(nn.Module):
    def __init__(self, gen, shape):
        super().__init__()
        self.gen, self.shape = gen, shape

    def forward(self, z):
        return self.gen(z).view(self.shape)

    def right_inverse(self, w):
        return torch.randn(5)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = nn.Linear(6, 6), nn.Linear(6, 6)
        self.out = nn.Linear(6, 2)
        gen = nn.Linear(5, 36)
        for l in (self.l1, self.l2):
            register_parametrization(l, "weight", FromEmbedding(gen, (6, 6)), unsafe=True)

    def forward(self, x):
        return self.out(torch.tanh(self.l2(torch.tanh(self.l1(x)))))


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
x = torch.randn(48, 6)
y = (x[:, 0] > x[:, 1]).long()
for i in range(8):
    opt.zero_grad()
    with parametrize.cached():
        loss = nn.functional.cross_entropy(net(x[:24]), y[:24]) + nn.functional.cross_entropy(
            net(x[24:]), y[24:]
        )
    loss.backward()
    opt.step()
    print("iter", i, "loss", loss.item() / 2)
