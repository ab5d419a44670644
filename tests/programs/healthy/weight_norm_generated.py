"""Generated directions with learned gains: W = g * V / |V|."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class WNHyperLinear(nn.Module):
    def __init__(self, cdim, fin, fout):
        super().__init__()
        self.fin, self.fout = fin, fout
        self.v = nn.utils.parametrizations.weight_norm(nn.Linear(cdim, fin * fout))
        self.g = nn.Parameter(torch.ones(fout, 1))
        self.b = nn.Parameter(torch.zeros(fout))

    def forward(self, x, c):
        V = self.v(c).view(self.fout, self.fin)
        W = self.g * V / V.norm(dim=1, keepdim=True)
        return F.linear(x, W, self.b)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Parameter(torch.randn(2, 6))
        self.l1, self.l2 = WNHyperLinear(6, 5, 12), WNHyperLinear(6, 12, 1)

    def forward(self, x, k):
        return self.l2(torch.tanh(self.l1(x, self.c[k])), self.c[k])


torch.manual_seed(2)
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
x = torch.randn(40, 5)
ys = (x.sum(1, keepdim=True).sin(), x.prod(1, keepdim=True))
for step in range(8):
    loss = F.mse_loss(net(x, 0), ys[0]) + F.mse_loss(net(x, 1), ys[1])
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
