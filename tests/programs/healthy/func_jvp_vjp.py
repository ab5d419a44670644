"""Directional derivatives of a generated field with torch.func.jvp, and its transpose with vjp."""

import torch
from torch import nn
from torch.func import jvp, vjp

torch.manual_seed(40)


class FieldHyper(nn.Module):
    def __init__(self, hidden=8):
        super().__init__()
        self.hidden = hidden
        self.net = nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 4 * hidden + 2))

    def forward(self, context):
        return self.net(context).split([2 * self.hidden, 2 * self.hidden, 2])


def field(z, w1, w2, b):
    h = torch.tanh(z @ w1.view(2, -1))
    return h @ w2.view(-1, 2) + b


hyper = FieldHyper()
optimizer = torch.optim.Adam(hyper.parameters(), lr=4e-3)
for step in range(8):
    context = torch.randn(2)
    z, direction = torch.randn(32, 2), torch.randn(32, 2)
    weights = hyper(context)
    value, along = jvp(lambda q: field(q, *weights), (z,), (direction,))
    _, pull = vjp(lambda q: field(q, *weights), z)
    (back,) = pull(direction)
    target = z * context
    loss = (value - target).square().mean() + 0.1 * (along - direction * context).square().mean()
    loss = loss + 0.1 * (back - direction * context).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, loss.item())
