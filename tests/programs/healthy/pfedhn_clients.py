"""Personalised federated learning: a server hypernetwork is updated from the clients' weight deltas."""

import random
from collections import OrderedDict

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class CNNTarget(nn.Module):
    def __init__(self, n_out=3):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 3, 3)
        self.fc1 = nn.Linear(3 * 9, 8)
        self.fc2 = nn.Linear(8, n_out)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.relu(self.fc1(x.flatten(1)))
        return self.fc2(x)


class CNNHyper(nn.Module):
    def __init__(self, n_nodes, embedding_dim=6, hidden_dim=20, out_dim=3):
        super().__init__()
        self.out_dim = out_dim
        self.embeddings = nn.Embedding(n_nodes, embedding_dim)
        self.mlp = nn.Sequential(
            nn.Linear(embedding_dim, hidden_dim),
            nn.LeakyReLU(0.1, inplace=True),
            nn.Linear(hidden_dim, hidden_dim),
        )
        self.c1_weights = nn.Linear(hidden_dim, 3 * 9)
        self.c1_bias = nn.Linear(hidden_dim, 3)
        self.l1_weights = nn.Linear(hidden_dim, 8 * 27)
        self.l1_bias = nn.Linear(hidden_dim, 8)
        self.l2_weights = nn.Linear(hidden_dim, out_dim * 8)
        self.l2_bias = nn.Linear(hidden_dim, out_dim)

    def forward(self, idx):
        features = self.mlp(self.embeddings(idx))
        return OrderedDict(
            {
                "conv1.weight": self.c1_weights(features).view(3, 1, 3, 3),
                "conv1.bias": self.c1_bias(features).view(-1),
                "fc1.weight": self.l1_weights(features).view(8, 27),
                "fc1.bias": self.l1_bias(features).view(-1),
                "fc2.weight": self.l2_weights(features).view(self.out_dim, 8),
                "fc2.bias": self.l2_bias(features).view(-1),
            }
        )


def set_seed(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def client_batch(node):
    x = torch.randn(16, 1, 8, 8)
    y = (x.mean((1, 2, 3)) > 0).long() + (x[:, 0, 0, 0] > 0).long()
    return x, (y + node) % 3


def train(num_nodes=3, steps=9, inner_steps=3, inner_lr=5e-2, lr=1e-1):
    hnet, net = CNNHyper(num_nodes), CNNTarget()
    optimizer = torch.optim.SGD(
        [
            {"params": [p for n, p in hnet.named_parameters() if "embed" not in n]},
            {"params": [p for n, p in hnet.named_parameters() if "embed" in n], "lr": lr},
        ],
        lr=lr,
        momentum=0.9,
        weight_decay=1e-3,
    )
    criteria = torch.nn.CrossEntropyLoss()
    for step in range(steps):
        hnet.train()
        node_id = step % num_nodes
        weights = hnet(torch.tensor([node_id], dtype=torch.long))
        net.load_state_dict(weights)
        inner_optim = torch.optim.SGD(net.parameters(), lr=inner_lr, momentum=0.9, weight_decay=5e-5)
        inner_state = OrderedDict({k: tensor.data for k, tensor in weights.items()})
        # local training on the client
        for _ in range(inner_steps):
            net.train()
            inner_optim.zero_grad()
            optimizer.zero_grad()
            img, label = client_batch(node_id)
            loss = criteria(net(img), label)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 50)
            inner_optim.step()
        optimizer.zero_grad()
        final_state = net.state_dict()
        delta_theta = OrderedDict({k: inner_state[k] - final_state[k] for k in weights.keys()})
        hnet_grads = torch.autograd.grad(
            list(weights.values()), hnet.parameters(), grad_outputs=list(delta_theta.values())
        )
        for p, g in zip(hnet.parameters(), hnet_grads):
            p.grad = g
        torch.nn.utils.clip_grad_norm_(hnet.parameters(), 50)
        optimizer.step()
        print(f"Step: {step + 1}, Node ID: {node_id}, Loss: {loss.item():.4f}")


if __name__ == "__main__":
    set_seed(42)
    train()
