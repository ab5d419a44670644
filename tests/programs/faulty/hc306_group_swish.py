"""Many generated networks as one grouped convolution, with a swish slope for each group."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class GroupSwish(nn.Module):
    def __init__(self, groups, width):
        super().__init__()
        self.beta = nn.Parameter(torch.ones(1, groups * width, 1))  # HC306

    def forward(self, h):
        return h * torch.sigmoid(self.beta * h)


class Parallel(nn.Module):
    def __init__(self, batch=8, i=5, h=6, o=2):
        super().__init__()
        self.dims = (batch, i, h, o)
        self.hyper = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, i * h + h * o))
        self.act = GroupSwish(batch, h)

    def forward(self, c, x):
        b, i, h, o = self.dims
        w = self.hyper(c)
        w1, w2 = w[:, : i * h].reshape(b * h, i, 1), w[:, i * h :].reshape(b * o, h, 1)
        z = F.conv1d(x.reshape(1, b * i, 1), w1, groups=b)
        return F.conv1d(self.act(z), w2, groups=b).view(b, o)


torch.manual_seed(0)
net = Parallel()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for step in range(8):
    c, x = torch.randn(8, 3), torch.randn(8, 5)
    loss = F.mse_loss(net(c, x), x[:, :2] * c[:, :2])
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
