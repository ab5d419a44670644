"""A row for each conv filter block, all of them repeats of one vector."""
import torch
import torch.nn.functional as F
from torch import nn


class Filters(nn.Module):
    def __init__(self):
        super().__init__()
        self.z = nn.Parameter(torch.randn(4))
        self.block = nn.Linear(4, 4 * 3 * 3)
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        blocks = self.block(self.z.repeat(8, 1))  # HC604
        kernel = blocks.view(8, 4, 3, 3)
        return self.head(F.relu(F.conv2d(x, kernel, padding=1)).mean((2, 3)))


torch.manual_seed(0)
net = Filters()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
for step in range(8):
    x = torch.randn(12, 4, 6, 6)
    y = (x.mean((1, 2, 3)) > 0).long()
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
