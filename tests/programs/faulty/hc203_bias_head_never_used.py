import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperConv(nn.Module):
    def __init__(self, c, cin, cout, k=3):
        super().__init__()
        self.w = nn.Linear(c, cin * cout * k * k)
        self.b = nn.Linear(c, cout)
        self.s = (cout, cin, k, k)

    def forward(self, x, c):
        weight, bias = self.w(c).view(self.s), self.b(c)  # HC203 HC401
        return F.conv2d(x, weight, padding=1)  # HC203 HC401


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = HyperConv(4, 1, 4), HyperConv(4, 4, 2)
        self.emb = nn.Embedding(3, 4)

    def forward(self, x, i):
        c = self.emb(i)
        return self.c2(F.relu(self.c1(x, c)), c).mean((2, 3))


torch.manual_seed(0)
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for i in range(9):
    x, y = torch.randn(8, 1, 6, 6), torch.randint(0, 2, (8,))
    loss = F.cross_entropy(net(x, torch.tensor(i % 3)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
