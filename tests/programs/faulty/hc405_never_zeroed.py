import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Parameter(torch.randn(1, 4))
        self.hyper = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 6 * 3))
        self.fc = nn.Linear(3, 6)
        del self.fc.weight
        self.out = nn.Linear(6, 2)

    def forward(self, x):
        self.fc.weight = self.hyper(self.emb).view(6, 3)
        return self.out(torch.relu(self.fc(x)))


net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
for i in range(10):
    x = torch.randn(16, 3)
    y = (x[:, 0] > 0).long()
    loss = F.cross_entropy(net(x), y)
    loss.backward()  # HC405
    optimizer.step()
    print(i, loss.item())
