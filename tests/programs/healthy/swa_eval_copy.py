"""Evaluates with generated weights copied into a plain nn.Module (no gradient wanted), trains functionally."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils import vector_to_parameters


class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))


class Hyper(nn.Module):
    def __init__(self, n, tasks=2):
        super().__init__()
        self.emb = nn.Embedding(tasks, 6)
        self.f = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, n))

    def forward(self, t):
        return self.f(self.emb.weight[t])


def functional_net(x, flat):
    w1, b1, w2, b2 = flat.split([32, 8, 24, 3])
    return F.linear(F.relu(F.linear(x, w1.view(8, 4), b1)), w2.view(3, 8), b2)


@torch.no_grad()
def evaluate(hyper, deployed, x, y):
    accs = []
    for t in range(2):
        vector_to_parameters(hyper(t).detach(), deployed.parameters())
        accs.append((deployed(x[t]).argmax(-1) == y[t]).float().mean().item())
    return accs


torch.manual_seed(0)
deployed = Net()
hyper = Hyper(sum(p.numel() for p in deployed.parameters()))
swa = torch.optim.swa_utils.AveragedModel(hyper)
opt = torch.optim.SGD(hyper.parameters(), lr=0.05, weight_decay=1e-3)
x, y = torch.randn(2, 40, 4), torch.randint(0, 3, (2, 40))
for epoch in range(6):
    for t in range(2):
        loss = F.cross_entropy(functional_net(x[t], hyper(t)), y[t])
        opt.zero_grad()
        loss.backward()
        opt.step()
    swa.update_parameters(hyper)
    print(evaluate(hyper, deployed, x, y), evaluate(swa.module, deployed, x, y))
