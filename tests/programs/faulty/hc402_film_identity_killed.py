"""FiLM with multiplied zero gates on both ends: y = gate * (gamma*h), gate and gamma start at zero and stay there."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class ZeroFiLM(nn.Module):
    def __init__(self, c, f):
        super().__init__()
        self.gamma, self.gate = nn.Linear(c, f), nn.Linear(c, f)
        for m in (self.gamma, self.gate):
            nn.init.zeros_(m.weight)  # HC402
            nn.init.zeros_(m.bias)  # HC402

    def forward(self, h, c):
        return h + self.gate(c) * (self.gamma(c) * h)  # HC402


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc, self.film = nn.Linear(3, 8), ZeroFiLM(8, 6)
        self.l1, self.l2 = nn.Linear(4, 6), nn.Linear(6, 2)

    def forward(self, x, c):
        return self.l2(F.relu(self.film(self.l1(x), torch.tanh(self.enc(c)))))


torch.manual_seed(0)
net = Net()
opt = torch.optim.AdamW(net.parameters(), lr=1e-2)
for i in range(10):
    x, c = torch.randn(16, 4), torch.randn(16, 3)
    loss = F.cross_entropy(net(x, c), ((x[:, 0] * c[:, 0]) > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
