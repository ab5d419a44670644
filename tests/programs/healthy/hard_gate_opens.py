"""Hard-sigmoid gates that start open for most users, partly saturated, but not dead (twin of HC402)."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class GateHyper(nn.Module):
    def __init__(self, users, ch, code=5):
        super().__init__()
        self.user = nn.Embedding(users, code)
        self.lin = nn.Linear(code, ch)
        nn.init.constant_(self.lin.bias, 2.0)

    def forward(self, u):
        return F.hardsigmoid(self.lin(self.user(u)))


class Net(nn.Module):
    def __init__(self, users=6, ch=12):
        super().__init__()
        self.gate = GateHyper(users, ch)
        self.l1, self.l2 = nn.Linear(8, ch), nn.Linear(ch, 4)

    def forward(self, x, u):
        return self.l2(F.relu(self.l1(x)) * self.gate(u))


def main():
    torch.manual_seed(0)
    rule = torch.randn(6, 8, 4)
    x, u = torch.randn(128, 8), torch.randint(0, 6, (128,))
    y = torch.einsum("bi,bio->bo", x, rule[u]).argmax(1)
    net = Net()
    opt = torch.optim.Adam(net.parameters(), lr=2e-3)
    for epoch in range(3):
        for i in torch.randperm(128).split(16):
            loss = F.cross_entropy(net(x[i], u[i]), y[i])
            opt.zero_grad()
            loss.backward()
            opt.step()
        print(epoch, loss.item())


main()
