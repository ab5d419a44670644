import torch
from torch import nn
import torch.nn.functional as F

torch.manual_seed(28)


class HyperNet(nn.Module):
    def __init__(self, z=4):
        super().__init__()
        self.z1 = nn.Parameter(torch.randn(z))
        self.z2 = nn.Parameter(torch.randn(z))
        self.net = nn.Sequential(nn.Linear(z, 16), nn.ReLU(), nn.Linear(16, 6 * 6))

    def kernel(self, z):
        return self.net(z).view(6, 6)

    def forward(self):
        w1 = self.kernel(self.z1)
        w2 = self.kernel(self.z1)  # HC401 HC604
        return w1, w2


stem, head, hyper = nn.Linear(3, 6), nn.Linear(6, 2), HyperNet()
optimizer = torch.optim.SGD([p for m in (stem, head, hyper) for p in m.parameters()], lr=0.05)
for k in range(9):
    x = torch.randn(25, 3)
    y = (x[:, 0] + x[:, 1] > x[:, 2]).long()
    w1, w2 = hyper()
    h = F.relu(stem(x))
    h = F.relu(F.linear(h, w1))
    h = F.relu(F.linear(h, w2))
    loss = F.cross_entropy(head(h), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print("k", k, "loss", loss.item())
