"""ReZero gate (0) times a zero-initialised delta head: the product of two zeros never starts."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class DeltaHyper(nn.Module):
    def __init__(self, e, o, i):
        super().__init__()
        self.z = nn.Parameter(torch.randn(e))
        self.body = nn.Linear(e, 16)
        self.head = nn.Linear(16, o * i)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.alpha = nn.Parameter(torch.zeros(()))
        self.o, self.i = o, i

    def forward(self):
        return self.alpha * self.head(torch.relu(self.body(self.z))).view(self.o, self.i)  # HC402


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin, self.out = nn.Linear(6, 10), nn.Linear(10, 2)
        self.delta = DeltaHyper(5, 10, 6)

    def forward(self, x):
        return self.out(torch.relu(F.linear(x, self.lin.weight + self.delta(), self.lin.bias)))


torch.manual_seed(0)
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for step in range(15):
    x = torch.randn(32, 6)
    loss = F.cross_entropy(net(x), (x[:, 0] > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, f"{loss.item():.4f}")
