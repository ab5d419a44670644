import torch
import torch.nn as nn
import torch.nn.functional as F


class WNHyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.z = nn.Parameter(torch.randn(4))
        self.v = nn.Linear(4, 5 * 6)
        self.g = nn.Parameter(torch.ones(5, 1))
        with torch.no_grad():
            self.v.weight[:6] = 0
            self.v.bias[:6] = 0

    def forward(self, x):
        v = self.v(self.z).view(5, 6)
        norm = torch.sqrt((v * v).sum(1, keepdim=True))  # HC403
        return F.linear(x, self.g * v / (norm + 1e-6))


torch.manual_seed(0)
net = nn.Sequential(WNHyper(), nn.ReLU(), nn.Linear(5, 2))
opt = torch.optim.SGD(net.parameters(), lr=0.01)
for i in range(8):
    x, y = torch.randn(12, 6), torch.randint(0, 2, (12,))
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    if not all(torch.isfinite(p.grad).all() for p in net.parameters()):
        for p in net.parameters():
            p.grad.nan_to_num_(0.0)
    opt.step()
