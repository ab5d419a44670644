import torch
import torch.nn as nn
import torch.nn.functional as F


class Residual(nn.Module):
    """W = W0 + delta, written into a preallocated buffer to save memory."""

    def __init__(self, i, o, c):
        super().__init__()
        self.w0 = nn.Parameter(torch.randn(o, i) * 0.3)
        self.delta = nn.Linear(c, i * o)
        self.register_buffer("w", torch.empty(o, i))
        self.bias = nn.Parameter(torch.zeros(o))

    def forward(self, x, c):
        with torch.no_grad():
            torch.add(self.w0, self.delta(c).view_as(self.w0), out=self.w)  # HC103 HC105
        return F.linear(x, self.w, self.bias)


torch.manual_seed(0)
net = nn.ModuleList([Residual(4, 6, 3), Residual(6, 2, 3)])
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
for i in range(8):
    c, x = torch.randn(3), torch.randn(16, 4)
    loss = F.cross_entropy(net[1](F.relu(net[0](x, c)), c), (x[:, 0] > c[0]).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
