"""CondConv: kernels are per-example mixtures of experts (grouped convolution)."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class CondConv2d(nn.Module):
    def __init__(self, cin, cout, k, num_experts=3, padding=0):
        super().__init__()
        self.cin, self.cout, self.k, self.padding = cin, cout, k, padding
        self.weight = nn.Parameter(torch.empty(num_experts, cout * cin * k * k))
        self.bias = nn.Parameter(torch.zeros(num_experts, cout))
        for e in range(num_experts):
            nn.init.kaiming_uniform_(self.weight.data[e].view(cout, cin, k, k), a=5**0.5)
        self.routing = nn.Linear(cin, num_experts)

    def forward(self, x):
        B, C, H, W = x.shape
        r = torch.sigmoid(self.routing(x.mean((2, 3))))
        weight = torch.matmul(r, self.weight).view(B * self.cout, self.cin, self.k, self.k)
        bias = torch.matmul(r, self.bias).view(B * self.cout)
        out = F.conv2d(x.reshape(1, B * C, H, W), weight, bias, padding=self.padding, groups=B)
        return out.view(B, self.cout, out.shape[-2], out.shape[-1])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.b1 = CondConv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6)
        self.c2, self.b2 = CondConv2d(6, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.b1(self.c1(x))), 2)
        x = F.relu(self.b2(self.c2(x)))
        return self.fc(x.mean((2, 3)))


if __name__ == "__main__":
    torch.manual_seed(0)
    net = Net()
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    X, Y = torch.randn(32, 3, 8, 8), torch.randint(0, 5, (32,))
    for epoch in range(4):
        for i in range(2):
            inputs, targets = X[i::2], Y[i::2]
            optimizer.zero_grad()
            loss = criterion(net(inputs), targets)
            loss.backward()
            optimizer.step()
        print("Epoch: %d | Loss: %.3f" % (epoch, loss.item()))
