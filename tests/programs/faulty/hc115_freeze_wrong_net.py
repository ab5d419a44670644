"""Stage 2 trains the hypernet on top of a pretrained main net head: freezes the wrong one."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def freeze(module):
    for p in module.parameters():
        p.requires_grad = False  # HC115


class System(nn.Module):
    def __init__(self):
        super().__init__()
        self.hypernet = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 6 * 6))
        self.stem = nn.Linear(3, 6)
        self.head = nn.Linear(6, 2)

    def forward(self, x, c):
        w = self.hypernet(c).view(6, 6)
        return self.head(F.relu(F.linear(F.relu(self.stem(x)), w)))


torch.manual_seed(0)
system = System()
freeze(system.hypernet)
opt = torch.optim.Adam(system.parameters(), lr=1e-3)
for step in range(10):
    x, c = torch.randn(16, 3), torch.randn(4)
    y = ((x.sum(1) * c.sum()) > 0).long()
    loss = F.cross_entropy(system(x, c), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
