"""CondConv classifier with a learned calibration of the routing logits."""
import torch
import torch.nn as nn
import torch.nn.functional as F

BATCH = 8


class CondConv2d(nn.Module):
    def __init__(self, cin, cout, k=3, experts=3):
        super().__init__()
        self.cin, self.cout, self.k = cin, cout, k
        self.experts = nn.Parameter(torch.randn(experts, cout, cin, k, k) * (2 / (cin * k * k)) ** 0.5)
        self.route = nn.Linear(cin, experts)
        self.gain = nn.Parameter(torch.ones(BATCH, experts))  # HC306

    def forward(self, x):
        b = x.size(0)
        r = torch.sigmoid(self.route(x.mean((2, 3))) * self.gain)  # HC306
        w = torch.einsum("be,eoikl->boikl", r, self.experts)
        y = F.conv2d(
            x.reshape(1, b * self.cin, *x.shape[2:]),
            w.reshape(b * self.cout, self.cin, self.k, self.k),
            padding=self.k // 2,
            groups=b,
        )
        return y.view(b, self.cout, *y.shape[2:])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = CondConv2d(3, 8)
        self.bn = nn.BatchNorm2d(8)
        self.fc = nn.Linear(8, 4)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn(self.c1(x))), 2)
        return self.fc(x.mean((2, 3)))


def main():
    torch.manual_seed(0)
    x = torch.randn(40, 3, 8, 8)
    y = (x[:, 0].mean((1, 2)) > 0).long() + 2 * (x[:, 1].mean((1, 2)) > 0).long()
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(x, y), batch_size=BATCH, shuffle=True, drop_last=True
    )
    net = Net()
    opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    for epoch in range(3):
        for xb, yb in loader:
            opt.zero_grad()
            loss = F.cross_entropy(net(xb), yb)
            loss.backward()
            opt.step()
        print(epoch, loss.item())


main()
