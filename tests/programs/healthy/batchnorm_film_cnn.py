"""CNN with BatchNorm whose affine part is predicted from a condition vector (FiLM)."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class FiLMBlock(nn.Module):
    def __init__(self, cin, cout, cdim):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(cout, affine=False)
        self.film = nn.Linear(cdim, 2 * cout)
        nn.init.zeros_(self.film.weight)
        nn.init.zeros_(self.film.bias)

    def forward(self, x, c):
        h = self.bn(self.conv(x))
        gamma, beta = self.film(c).unsqueeze(-1).unsqueeze(-1).chunk(2, 1)
        return F.relu((1 + gamma) * h + beta)


class CondCNN(nn.Module):
    def __init__(self, n_cond=4):
        super().__init__()
        self.cond = nn.Sequential(nn.Linear(n_cond, 8), nn.Tanh())
        self.b1 = FiLMBlock(1, 6, 8)
        self.b2 = FiLMBlock(6, 8, 8)
        self.fc = nn.Linear(8, 2)

    def forward(self, x, c):
        c = self.cond(c)
        x = F.max_pool2d(self.b1(x, c), 2)
        return self.fc(self.b2(x, c).mean((-1, -2)))


torch.manual_seed(0)
net = CondCNN()
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
for step in range(8):
    x = torch.randn(16, 1, 8, 8)
    k = torch.randint(0, 4, (16,))
    y = (x.mean((1, 2, 3)) * (k.float() - 1.5) > 0).long()
    loss = F.cross_entropy(net(x, F.one_hot(k, 4).float()), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, "%.4f" % loss.item(), "running var %.3f" % net.b1.bn.running_var.mean().item())
net.eval()
with torch.no_grad():
    print("eval", net(x, F.one_hot(k, 4).float()).argmax(1).eq(y).float().mean().item())
