import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperRNN(nn.Module):
    def __init__(self, i=3, h=8, z=4):
        super().__init__()
        self.h, self.i = h, i
        self.hyper = nn.GRUCell(i + h, z)
        self.W_hz = nn.Parameter(torch.randn(h, h, z) * 0.1)
        self.W_xz = nn.Parameter(torch.randn(h, i, z) * 0.1)
        self.bz = nn.Linear(z, h)
        self.out = nn.Linear(h, i)

    def forward(self, x, state):
        h, hh = state
        hh = self.hyper(torch.cat([x, h], -1), hh)
        Wh = torch.einsum("oiz,bz->boi", self.W_hz, hh)
        Wx = torch.einsum("oiz,bz->boi", self.W_xz, hh)
        h = torch.tanh(torch.einsum("boi,bi->bo", Wh, h) + torch.einsum("boi,bi->bo", Wx, x) + self.bz(hh))
        return self.out(h), (h, hh)


torch.manual_seed(0)
net = HyperRNN()
opt = torch.optim.RMSprop(net.parameters(), lr=1e-3)
series = torch.sin(torch.linspace(0, 20, 61)[:, None, None] + torch.randn(1, 5, 3))
state = (torch.zeros(5, 8), torch.zeros(5, 4))
for t0 in range(0, 60, 6):
    loss = 0
    for t in range(t0, t0 + 6):
        y, state = net(series[t], state)
        loss = loss + F.mse_loss(y, series[t + 1])
    opt.zero_grad()
    loss.backward()
    opt.step()
    state = tuple(s.detach() for s in state)
