"""float64 conversion after construction, Parameters re-set in place by .to; embedding cast inside forward."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Parameter(torch.randn(2, 3, dtype=torch.float32))
        self.gen = nn.Linear(3, 8).double()

    def forward(self, x, i):
        e = self.emb[i].to(torch.float64)
        return F.linear(x, self.gen(e).view(2, 4))


torch.manual_seed(0)
net = Net()
opt = torch.optim.Adagrad(net.parameters(), lr=0.1)
for step in range(8):
    x = torch.randn(16, 4).double()
    loss = F.cross_entropy(net(x, step % 2), torch.randint(0, 2, (16,)))
    opt.zero_grad()
    loss.backward()
    opt.step()
