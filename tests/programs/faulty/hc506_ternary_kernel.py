"""Ternary generated kernels, whose latent values are all far from the thresholds at this learning rate."""
import torch
import torch.nn.functional as F
from torch import nn


class Ternary(nn.Module):
    def __init__(self):
        super().__init__()
        self.code = nn.Parameter(torch.randn(6))
        self.head = nn.Linear(6, 8 * 10)
        self.out = nn.Linear(8, 2)

    def kernel(self):
        latent = self.head(self.code).view(8, 10)
        hard = torch.sign(latent) * (latent.abs() > 0.05)
        return latent + (hard - latent).detach()  # HC506

    def forward(self, x):
        return self.out(torch.relu(F.linear(x, self.kernel())))


torch.manual_seed(0)
net = Ternary()
opt = torch.optim.SGD([{"params": [net.code, *net.head.parameters()], "lr": 1e-6}, {"params": net.out.parameters(), "lr": 0.1}])
x = torch.randn(64, 10)
y = (x[:, 0] > 0).long()
for step in range(10):
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
