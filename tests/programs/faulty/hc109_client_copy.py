"""Personalised federated learning with a server-side hypernetwork (end-to-end variant)."""
import copy

import torch
import torch.nn as nn
import torch.nn.functional as F


class LocalNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(6, 8)
        self.fc2 = nn.Linear(8, 2)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))


class ServerHyper(nn.Module):
    def __init__(self, n_nodes, net, d=5):
        super().__init__()
        self.embeddings = nn.Embedding(n_nodes, d)
        self.mlp = nn.Sequential(nn.Linear(d, 20), nn.ReLU())
        self.heads = nn.ModuleDict({k.replace(".", "__"): nn.Linear(20, p.numel()) for k, p in net.named_parameters()})

    def forward(self, node):
        h = self.mlp(self.embeddings(node))
        return {k.replace("__", "."): head(h) for k, head in self.heads.items()}


def receive(template, weights):
    net = LocalNet()
    for p in net.parameters():
        p.requires_grad_(False)
    for k, p in net.named_parameters():
        p.copy_(weights[k].view_as(p))
    return net


if __name__ == "__main__":
    torch.manual_seed(0)
    template = LocalNet()
    hyper = ServerHyper(3, template)
    opt = torch.optim.Adam(hyper.parameters(), lr=1e-3)
    for rnd in range(6):
        node = rnd % 3
        net = receive(template, hyper(torch.tensor(node)))
        client = copy.deepcopy(net)  # HC109
        x = torch.randn(24, 6)
        y = (x[:, node] > 0).long()
        loss = F.cross_entropy(client(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        print(f"round {rnd} node {node} loss {loss.item():.4f}")
