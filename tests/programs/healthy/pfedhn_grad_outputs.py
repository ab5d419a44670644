"""pFedHN as published: local SGD on the client, then autograd.grad with delta theta as grad_outputs."""

import random
from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn


class CNNTarget(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 3, 3)
        self.fc1 = nn.Linear(3 * 36, 4)

    def forward(self, x):
        return self.fc1(F.relu(self.conv1(x)).flatten(1))


class CNNHyper(nn.Module):
    def __init__(self, n_nodes, e=5, hidden=16):
        super().__init__()
        self.embeddings = nn.Embedding(n_nodes, e)
        self.mlp = nn.Sequential(nn.Linear(e, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, hidden))
        self.c1_weights, self.c1_bias = nn.Linear(hidden, 27), nn.Linear(hidden, 3)
        self.l1_weights, self.l1_bias = nn.Linear(hidden, 4 * 108), nn.Linear(hidden, 4)

    def forward(self, idx):
        f = self.mlp(self.embeddings(idx))
        return OrderedDict(
            {
                "conv1.weight": self.c1_weights(f).view(3, 1, 3, 3),
                "conv1.bias": self.c1_bias(f).view(-1),
                "fc1.weight": self.l1_weights(f).view(4, 108),
                "fc1.bias": self.l1_bias(f).view(-1),
            }
        )


def train(steps=8, inner=3):
    torch.manual_seed(0)
    random.seed(0)
    hnet, net = CNNHyper(4), CNNTarget()
    data = [(torch.randn(8, 1, 8, 8), torch.randint(0, 4, (8,))) for _ in range(4)]
    optimizer = torch.optim.SGD(
        [
            {"params": [p for n, p in hnet.named_parameters() if "embed" not in n]},
            {"params": [p for n, p in hnet.named_parameters() if "embed" in n], "lr": 0.1},
        ],
        lr=1e-2,
        momentum=0.9,
    )
    criterion = nn.CrossEntropyLoss()
    for step in range(steps):
        hnet.train()
        node = random.choice(range(4))
        weights = hnet(torch.tensor([node]))
        net.load_state_dict(weights)
        inner_optim = torch.optim.SGD(net.parameters(), lr=5e-3, momentum=0.9, weight_decay=5e-5)
        inner_state = OrderedDict({k: t.data for k, t in weights.items()})
        for i in range(inner):
            net.train()
            inner_optim.zero_grad()
            optimizer.zero_grad()
            x, y = data[node]
            loss = criterion(net(x), y)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 50)
            inner_optim.step()
        optimizer.zero_grad()
        final = net.state_dict()
        delta = OrderedDict({k: inner_state[k] - final[k] for k in weights})
        grads = torch.autograd.grad(
            list(weights.values()),
            list(hnet.parameters()),
            grad_outputs=list(delta.values()),
            allow_unused=True,
        )
        for p, g in zip(hnet.parameters(), grads):
            p.grad = g
        torch.nn.utils.clip_grad_norm_(hnet.parameters(), 50)
        optimizer.step()


train()
