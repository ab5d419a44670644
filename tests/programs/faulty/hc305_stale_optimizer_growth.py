"""A new task: hypernet's head is re-created larger, optimizer isn't rebuilt."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Hyper(nn.Module):
    def __init__(self, n_out):
        super().__init__()
        self.z = nn.Parameter(torch.randn(5))
        self.trunk = nn.Linear(5, 12)
        self.head = nn.Linear(12, n_out * 4)

    def forward(self):
        return self.head(F.relu(self.trunk(self.z))).view(-1, 4)

    def grow(self, n_out):
        self.head = nn.Linear(12, n_out * 4)  # HC305 HC304


torch.manual_seed(0)
hyper = Hyper(2)
opt = torch.optim.Adam(hyper.parameters(), 1e-2)  # HC305 HC304
for task, classes in enumerate([2, 3, 5]):
    if task > 0:
        hyper.grow(classes)
    for it in range(5):
        x, y = torch.randn(16, 4), torch.randint(0, classes, (16,))
        loss = F.cross_entropy(F.linear(x, hyper()), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
