"""Ensemble of hypernets by stack_module_state: training moves the stacked copies, the optimizer holds the originals."""
import copy

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functional_call, stack_module_state, vmap


class TinyHyper(nn.Module):
    def __init__(self, c=3, d=5):
        super().__init__()
        self.d = d
        self.net = nn.Sequential(nn.Linear(c, 12), nn.Tanh(), nn.Linear(12, d + 1))

    def forward(self, c, x):
        t = self.net(c)
        return (t[..., : self.d] * x).sum(-1) + t[..., -1]


torch.manual_seed(0)
models = nn.ModuleList(TinyHyper() for _ in range(4))
optimizer = torch.optim.Adam(models.parameters(), lr=2e-3)  # HC304 HC305
params, buffers = stack_module_state(models)  # HC301 HC104
skeleton = copy.deepcopy(models[0]).to("meta")
run = vmap(lambda p, b, c, x: functional_call(skeleton, (p, b), (c, x)), in_dims=(0, 0, None, None))
for step in range(14):
    c, x = torch.randn(32, 3), torch.randn(32, 5)
    y = (x[:, :3] * c).sum(1)
    pred = run(params, buffers, c, x)
    loss = F.mse_loss(pred, y.expand_as(pred))
    optimizer.zero_grad()
    for p in params.values():
        p.grad = None
    loss.backward()
    optimizer.step()
    if step % 4 == 0:
        print(step, f"{loss.item():.4f}")
