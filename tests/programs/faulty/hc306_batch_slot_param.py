import torch
import torch.nn as nn
import torch.nn.functional as F


class GroupSwish(nn.Module):
    def __init__(self, groups):
        super().__init__()
        self.beta = nn.Parameter(torch.rand(1, groups, 1))  # HC306

    def forward(self, x):
        return x * torch.sigmoid(x * F.softplus(self.beta))


class ParallelMLP(nn.Module):
    def __init__(self, batch, i=5, h=6, o=2, c=4):
        super().__init__()
        self.B, self.i, self.h, self.o = batch, i, h, o
        self.act = GroupSwish(batch)
        self.gen = nn.Sequential(nn.Linear(c, 16), nn.ReLU(), nn.Linear(16, i * h + h * o))

    def forward(self, x, c):
        w1, w2 = self.gen(c).split([self.i * self.h, self.h * self.o], 1)
        y = F.conv1d(x.reshape(1, self.B * self.i, 1), w1.reshape(self.B * self.h, self.i, 1), groups=self.B)
        y = self.act(y.view(1, self.B, self.h)).reshape(1, self.B * self.h, 1)  # HC306
        return F.conv1d(y, w2.reshape(self.B * self.o, self.h, 1), groups=self.B).view(self.B, self.o)


torch.manual_seed(0)
net = ParallelMLP(8)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for _ in range(8):
    x, c = torch.randn(8, 5), torch.randn(8, 4)
    loss = F.cross_entropy(net(x, c), (c[:, 0] > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
