import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(22)


class Hyper(nn.Module):
    def __init__(self, z=4, hidden=16, n_out=10):
        super().__init__()
        self.z = nn.Parameter(torch.randn(z))
        self.trunk = nn.Sequential(nn.Linear(z, hidden), nn.ReLU())
        self.head = nn.Linear(hidden, n_out)

    def adapt_to(self, n_out):
        """make room for the weights of the given main net"""
        self.head = nn.Linear(self.head.in_features, n_out)
        return self

    def forward(self):
        return self.head(self.trunk(self.z))


hyper = Hyper()
optimizer = torch.optim.Adam(hyper.parameters(), lr=1e-2)  # HC305
sizes = [(6, 4), (2, 6)]
hyper.adapt_to(sum(o * i for o, i in sizes))

for step in range(8):
    theta = hyper()
    w1, w2 = theta[:24].view(6, 4), theta[24:].view(2, 6)
    x = torch.randn(20, 4)
    y = (x[:, 0] > 0).long()
    loss = F.cross_entropy(F.linear(torch.relu(F.linear(x, w1)), w2), y)
    hyper.zero_grad()
    loss.backward()
    optimizer.step()
    print("step", step, loss.item())
