"""The optimizer is rebuilt at the start of every epoch with a decayed learning rate."""

import torch
import torch.nn as nn


class PrimaryNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.z = nn.Parameter(torch.randn(3, 6))
        self.hyper = nn.Linear(6, 9 * 8)
        self.inp = nn.Linear(4, 9)
        self.out = nn.Linear(8, 2)
        self.frozen_scale = nn.Parameter(torch.tensor(0.5), requires_grad=False)

    def forward(self, x, k):
        w = self.hyper(self.z[k]).view(8, 9) * self.frozen_scale
        return self.out(torch.tanh(torch.tanh(self.inp(x)) @ w.t()))


def get_optimizer(model, lr):
    trainable = list(filter(lambda p: p.requires_grad, model.parameters()))
    return torch.optim.SGD(trainable, lr=lr, momentum=0.9)


torch.manual_seed(4)
model = PrimaryNet()
lr = 0.1
x = torch.randn(45, 4)
y = (x[:, 0] * x[:, 1] > 0).long()
for epoch in range(3):
    optimizer = get_optimizer(model, lr)
    for k in range(3):
        xb, yb = x[k::3], y[k::3]
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(xb, k), yb)
        loss.backward()
        optimizer.step()
    lr *= 0.5
    print(f"epoch {epoch}  lr {lr:g}  loss {loss.item():.4f}")
