import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(54)


def adjust_learning_rate(optimizer, epoch, base=0.05, drop=10):
    for group in optimizer.param_groups:
        if group["name"] == "hyper":
            group["lr"] = base * (epoch // drop)  # HC502
        else:
            group["lr"] = base * 0.5 ** (epoch // drop)


z = nn.Parameter(torch.randn(2, 4))
hyper = nn.Linear(4, 5 * 5)
stem, top = nn.Linear(3, 5), nn.Linear(5, 2)
optimizer = torch.optim.SGD([
    {"params": [z, *hyper.parameters()], "name": "hyper"},
    {"params": [*stem.parameters(), *top.parameters()], "name": "main"},
], lr=0.05, momentum=0.9)

for epoch in range(4):
    adjust_learning_rate(optimizer, epoch)
    for _ in range(2):
        x = torch.randn(20, 3)
        y = (x[:, 0] > x[:, 1]).long()
        h = torch.relu(stem(x))
        for code in z:
            h = h + torch.tanh(F.linear(h, hyper(code).view(5, 5)))
        loss = F.cross_entropy(top(h), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("epoch", epoch, "loss", loss.item())
