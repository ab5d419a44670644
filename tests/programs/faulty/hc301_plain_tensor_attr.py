import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperNetwork(nn.Module):
    def __init__(self, z_dim, out):
        super().__init__()
        self.embedding = torch.randn(1, z_dim, requires_grad=True)  # HC301
        self.net = nn.Sequential(nn.Linear(z_dim, 16), nn.ReLU(), nn.Linear(16, out))

    def forward(self):
        return self.net(self.embedding)[0]


class Main(nn.Module):
    def __init__(self):
        super().__init__()
        self.hyper = HyperNetwork(5, 6 * 4 + 3 * 6)
        self.fc1, self.fc2 = nn.Linear(4, 6), nn.Linear(6, 3)
        del self.fc1.weight, self.fc2.weight

    def forward(self, x):
        p = self.hyper()
        self.fc1.weight = p[:24].view(6, 4)
        self.fc2.weight = p[24:].view(3, 6)
        return self.fc2(F.relu(self.fc1(x)))


torch.manual_seed(0)
model = Main()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for i in range(8):
    x = torch.randn(16, 4)
    y = x[:, :3].argmax(1)
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(i, loss.item())
