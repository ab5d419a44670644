"""Magnitude pruning (nn.utils.prune) of a network during fine-tuning."""

import torch
import torch.nn as nn
import torch.nn.utils.prune as prune

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(10, 24), nn.GELU(), nn.Linear(24, 24), nn.GELU(), nn.Linear(24, 2))
x = torch.randn(64, 10)
y = (x[:, 0] * x[:, 1] > 0).long()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)


def fit(n, opt):
    for i in range(n):
        loss = nn.functional.cross_entropy(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print("loss", loss.item())


fit(4, opt)
for m in model:
    if isinstance(m, nn.Linear):
        prune.l1_unstructured(m, "weight", amount=0.3)
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
fit(4, opt)
for m in model:
    if isinstance(m, nn.Linear):
        prune.remove(m, "weight")
print("sparsity", sum((m.weight == 0).float().mean().item() for m in model if isinstance(m, nn.Linear)) / 3)
