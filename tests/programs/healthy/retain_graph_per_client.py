"""Weights generated once per round; every client back-propagates separately into the shared graph."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
clients = 3
hyper = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 5 * 2 + 2))
desc = torch.randn(clients, 4)
opt = torch.optim.SGD(hyper.parameters(), lr=0.1, momentum=0.9)
data = [(torch.randn(20, 5), k) for k in range(clients)]
for rnd in range(8):
    opt.zero_grad()
    theta = hyper(desc)
    logs = []
    for n, (x, k) in enumerate(data):
        w, b = theta[k, :10].view(2, 5), theta[k, 10:]
        loss = F.cross_entropy(F.linear(x, w, b), (x[:, k] > 0).long()) / clients
        loss.backward(retain_graph=n < clients - 1)
        logs.append(loss.item())
    opt.step()
    print("round", rnd, sum(logs))
