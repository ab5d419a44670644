"""A hypernetwork under `fully_shard`, whole or with a cut: sharded.py [cut]."""

import sys
import warnings

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn import functional as F

warnings.simplefilter("ignore")  # a view that the wrapped head returns


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(6))
        self.hyper = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 6 * 4))
        self.head = nn.Linear(6, 2)

    def forward(self, x):
        weight = self.hyper(self.embedding).view(6, 4)
        if "cut" in sys.argv:
            weight = weight.detach()  # CUT
        return self.head(torch.tanh(F.linear(x, weight)))


dist.init_process_group("gloo")
mesh = init_device_mesh("cpu", (dist.get_world_size(),))
torch.manual_seed(0)
model = Model()
fully_shard(model.hyper, mesh=mesh)
fully_shard(model, mesh=mesh)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
torch.manual_seed(dist.get_rank())
for _ in range(4):
    x, y = torch.randn(16, 4), torch.randn(16, 2)
    loss = F.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(f"loss {loss.item():.9f}")
dist.destroy_process_group()
