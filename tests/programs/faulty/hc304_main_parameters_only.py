import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class Mixed(nn.Module):
    """main net with generated weights and ordinary biases"""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(4, 8), nn.Linear(8, 2)
        del self.fc1.weight
        del self.fc2.weight

    def forward(self, x, w):
        self.fc1.weight, self.fc2.weight = w
        return self.fc2(torch.relu(self.fc1(x)))


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.z = nn.Parameter(torch.randn(5))
        self.a, self.b = nn.Linear(5, 32), nn.Linear(5, 16)

    def forward(self):
        return self.a(self.z).view(8, 4), self.b(self.z).view(2, 8)


model, hypernet = Mixed(), Hyper()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)  # HC304
for i in range(8):
    x = torch.randn(32, 4)
    y = (x[:, 0] > 0).long()
    loss = F.cross_entropy(model(x, hypernet()), y)
    optimizer.zero_grad()
    hypernet.zero_grad()
    loss.backward()
    optimizer.step()
    print(i, loss.item())
