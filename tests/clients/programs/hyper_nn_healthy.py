"""Hyper-nn: linear hypernetwork for a target network, by `from_target`."""

import torch
import torch.nn.functional as F
from hypernn.torch import TorchLinearHyperNetwork
from torch import nn

torch.manual_seed(0)
target = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 3))
hyper = TorchLinearHyperNetwork.from_target(target_network=target, embedding_dim=6, num_embeddings=5)
optimizer = torch.optim.Adam(hyper.parameters(), lr=1e-2)
for _ in range(6):
    x, y = torch.randn(16, 8), torch.randint(3, (16,))
    loss = F.cross_entropy(hyper(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
