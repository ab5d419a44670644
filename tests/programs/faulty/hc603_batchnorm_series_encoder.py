"""Per-series vector fields, with a batch norm in the network that makes them."""
import torch
import torch.nn as nn


class FieldMaker(nn.Module):
    def __init__(self, ctx=8, width=12, state=2):
        super().__init__()
        self.rnn = nn.GRU(state, ctx, batch_first=True)
        self.mid = nn.Linear(ctx, 24)
        self.bn = nn.BatchNorm1d(24)
        self.out = nn.Linear(24, state * width + width * state)
        self.width, self.state = width, state

    def forward(self, series):
        _, h = self.rnn(series)
        z = self.bn(self.mid(h[-1]))  # HC603
        theta = self.out(torch.relu(z))
        a, b = theta.split([self.state * self.width, self.width * self.state], dim=1)
        return a.reshape(-1, self.state, self.width), b.reshape(-1, self.width, self.state)


def rollout(y, fields, steps, dt=0.1):
    w1, w2 = fields
    path = []
    for _ in range(steps):
        y = y + dt * torch.bmm(torch.tanh(torch.bmm(y, w1)), w2)
        path.append(y)
    return torch.cat(path, 1)


torch.manual_seed(0)
maker = FieldMaker()
opt = torch.optim.Adam(maker.parameters(), lr=3e-3)
for it in range(8):
    speed = torch.rand(16, 1) * 3
    t = torch.arange(20) * 0.1
    series = torch.stack([torch.cos(speed * t), torch.sin(speed * t)], -1)
    pred = rollout(series[:, 9:10], maker(series[:, :10]), 10)
    loss = (pred - series[:, 10:]).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
