"""Federated: server hypernet; each round builds a new optimizer over the sampled clients' embeddings and the trunk."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Server(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.codes = nn.ParameterDict({f"c{i}": nn.Parameter(0.1 * torch.randn(5)) for i in range(n)})
        self.trunk = nn.Sequential(nn.Linear(5, 16), nn.ReLU())
        self.head_w, self.head_b = nn.Linear(16, 4 * 3), nn.Linear(16, 3)

    def client_model(self, i):
        h = self.trunk(self.codes[f"c{i}"])
        w, b = self.head_w(h).view(3, 4), self.head_b(h)
        return lambda x: F.linear(x, w, b)


torch.manual_seed(0)
server = Server(6)
data = {i: (torch.randn(20, 4) + i / 3, torch.randint(0, 3, (20,))) for i in range(6)}
for rnd in range(6):
    sel = torch.randperm(6)[:2].tolist()
    opt = torch.optim.SGD(
        [
            *server.trunk.parameters(),
            *server.head_w.parameters(),
            *server.head_b.parameters(),
            *(server.codes[f"c{i}"] for i in sel),
        ],
        lr=0.05,
    )
    for _ in range(2):
        opt.zero_grad()
        for i in sel:
            x, y = data[i]
            (F.cross_entropy(server.client_model(i)(x), y) / len(sel)).backward()
        opt.step()
