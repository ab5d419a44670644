"""A hypernetwork in DistributedDataParallel, whole or with one fault: train.py [FAULT]."""

import os
import signal
import sys

import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

FAULT = sys.argv[1] if len(sys.argv) > 1 else ""


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(5))
        self.hyper = nn.Linear(5, 6 * 4)
        self.head = nn.Linear(6, 2)

    def forward(self, x, embedding=None):
        weight = self.hyper(self.embedding if embedding is None else embedding).view(6, 4)
        if FAULT == "cut" and dist.get_rank() == 1:
            weight = weight.detach()  # CUT
        return self.head(torch.tanh(F.linear(x, weight)))


dist.init_process_group("gloo")
rank = dist.get_rank()
torch.manual_seed(0)
model = Model()
if FAULT != "cut":  # averaging would hide it
    model = DistributedDataParallel(model, find_unused_parameters=FAULT == "embedding")  # WRAP
own = nn.Parameter(torch.randn(5)) if FAULT == "embedding" else None
parameters = [*model.parameters(), *([own] if own is not None else [])]
optimizer = torch.optim.Adam(parameters, lr=0.01)
torch.manual_seed(rank)
for number in range(4):
    x, y = torch.randn(16, 4), torch.randn(16, 2)
    if FAULT == "past":
        weight = model.module.hyper(model.module.embedding).view(6, 4)  # PAST
        out = model.module.head(torch.tanh(F.linear(x, weight)))
    else:
        out = model(x, own) if own is not None else model(x)
    if number == 2 and rank == 1 and FAULT == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 2 and rank == 1 and FAULT == "raises":
        raise RuntimeError("rank 1 is ill")
    loss = F.mse_loss(out, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(f"loss {loss.item():.9f}")
dist.destroy_process_group()
