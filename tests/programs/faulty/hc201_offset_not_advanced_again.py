import torch
import torch.nn as nn
import torch.nn.functional as F


def unflatten(flat, shapes):
    out, start = [], 0
    for s in shapes:
        n = torch.Size(s).numel()
        out.append(flat[start : start + n].view(s))  # HC201 HC203
        start = n  # HC201 HC203
    return out


class Net(nn.Module):
    shapes = [(6, 4), (6,), (5, 6), (5,), (2, 5), (2,)]

    def __init__(self):
        super().__init__()
        self.h = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, sum(torch.Size(s).numel() for s in self.shapes)))

    def forward(self, x, c):
        w1, b1, w2, b2, w3, b3 = unflatten(self.h(c), self.shapes)
        x = F.relu(F.linear(x, w1, b1))
        x = F.relu(F.linear(x, w2, b2))
        return F.linear(x, w3, b3)


torch.manual_seed(0)
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for i in range(8):
    c, x = torch.randn(3), torch.randn(16, 4)
    loss = F.cross_entropy(net(x, c), (x[:, 0] > c[0]).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
