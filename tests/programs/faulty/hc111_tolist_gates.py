import torch
import torch.nn as nn
import torch.nn.functional as F


class GateHyper(nn.Module):
    def __init__(self, layers=3):
        super().__init__()
        self.emb = nn.Parameter(torch.randn(4))
        self.fc = nn.Linear(4, layers)

    def forward(self):
        return torch.sigmoid(self.fc(self.emb))


class ResNet(nn.Module):
    def __init__(self, d=6, layers=3):
        super().__init__()
        self.hyper = GateHyper(layers)
        self.blocks = nn.ModuleList(nn.Linear(d, d) for _ in range(layers))
        self.out = nn.Linear(d, 2)

    def forward(self, x):
        gates = [float(g) for g in self.hyper()]  # HC111
        for g, b in zip(gates, self.blocks):
            x = x + g * F.relu(b(x))
        return self.out(x)


torch.manual_seed(0)
net = ResNet()
opt = torch.optim.AdamW(net.parameters(), lr=1e-2)
for i in range(8):
    x = torch.randn(16, 6)
    loss = F.cross_entropy(net(x), (x[:, 0] > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
