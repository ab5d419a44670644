"""Full hypernetwork with Bias-HyperInit: zero output weights, biases initialised like the main network."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(20)
layers = [(10, 16), (16, 16), (16, 4)]
sizes = [i * o + o for i, o in layers]


class HyperNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(1, 5))
        self.trunk = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh())
        self.heads = nn.ModuleList([nn.Linear(16, n) for n in sizes])
        self.bias_hyperinit()

    def bias_hyperinit(self):
        for head, (i, o) in zip(self.heads, layers):
            head.weight.data.zero_()
            bound = math.sqrt(6 / i)
            head.bias.data[: i * o].uniform_(-bound, bound)
            head.bias.data[i * o :].zero_()

    def forward(self):
        h = self.trunk(self.embedding)
        out = []
        for head, (i, o) in zip(self.heads, layers):
            t = head(h)[0]
            out.append((t[: i * o].reshape(o, i), t[i * o :]))
        return out


def target_forward(x, params):
    for k, (w, b) in enumerate(params):
        x = F.linear(x, w, b)
        if k + 1 < len(params):
            x = F.relu(x)
    return x


hnet = HyperNetwork()
optimizer = torch.optim.SGD(hnet.parameters(), lr=0.02)
x = torch.randn(64, 10)
y = x[:, :4].argmax(1)
for step in range(10):
    logits = target_forward(x, hnet())
    loss = F.cross_entropy(logits, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print("%3d  %.5f" % (step, loss.item()))
