import torch
import torch.nn as nn
import torch.nn.functional as F


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.z = nn.Parameter(torch.randn(4))
        self.a, self.b = nn.Linear(4, 16), nn.Linear(16, 3 * 6)

    def forward(self):
        h = torch.relu(self.a(self.z))
        return (self.b(h) * 1e-30 * 1e-20).view(3, 6)  # HC402 HC406


torch.manual_seed(0)
hyper, bias = Hyper(), nn.Parameter(torch.zeros(3))
opt = torch.optim.SGD([*hyper.parameters(), bias], lr=0.1)
for i in range(9):
    x, y = torch.randn(16, 6), torch.randint(0, 3, (16,))
    loss = F.cross_entropy(F.linear(x, hyper(), bias), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
