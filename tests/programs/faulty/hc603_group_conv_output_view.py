"""Grouped 1-d convolution; its output is unpacked with the axes exchanged."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class GroupedLayer(nn.Module):
    def __init__(self, c, cin, cout):
        super().__init__()
        self.cin, self.cout = cin, cout
        self.gen = nn.Linear(c, cout * cin)

    def forward(self, x, code):
        B, C, T = x.shape
        w = self.gen(code).reshape(B * self.cout, C, 1)
        y = F.conv1d(x.reshape(1, B * C, T), w, groups=B)
        return y.reshape(self.cout, B, T).transpose(0, 1)  # HC603 HC201


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.code = nn.Linear(3, 8)
        self.l1, self.l2 = GroupedLayer(8, 4, 6), GroupedLayer(8, 6, 2)

    def forward(self, x, c):
        z = torch.tanh(self.code(c))
        return self.l2(F.leaky_relu(self.l1(x, z)), z)


torch.manual_seed(5)
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for step in range(12):
    x, c = torch.randn(8, 4, 10), torch.randn(8, 3)
    y = torch.stack([x[:, 0] * c[:, :1], x[:, 1] + c[:, 1:2]], 1)
    loss = (net(x, c) - y).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, f"{loss.item():.4f}")
