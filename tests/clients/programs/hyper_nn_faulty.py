"""The generated vector is wrapped into a Parameter, which the target network is then called with."""

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
    generated, _ = hyper.generate_params()
    theta = nn.Parameter(generated)  # HC101
    loss = F.cross_entropy(hyper(x, generated_params=theta), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
