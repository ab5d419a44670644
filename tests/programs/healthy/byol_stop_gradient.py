"""BYOL with predictor, target network and stop-gradient."""

import copy

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(2)


def mlp(i, h, o):
    return nn.Sequential(
        nn.Linear(i, h, bias=False), nn.BatchNorm1d(h), nn.ReLU(inplace=True), nn.Linear(h, o)
    )


online = nn.Sequential(nn.Linear(12, 24), nn.ELU(), mlp(24, 24, 8))
predictor = mlp(8, 16, 8)
target = copy.deepcopy(online)
for p in target.parameters():
    p.requires_grad = False


def loss_fn(p, z):
    return 2 - 2 * (F.normalize(p, dim=-1) * F.normalize(z, dim=-1)).sum(-1)


opt = torch.optim.Adam(list(online.parameters()) + list(predictor.parameters()), lr=3e-3)
for step in range(8):
    x = torch.randn(32, 12)
    v1, v2 = x + 0.1 * torch.randn_like(x), x + 0.1 * torch.randn_like(x)
    p1, p2 = predictor(online(v1)), predictor(online(v2))
    with torch.no_grad():
        z1, z2 = target(v1), target(v2)
    loss = (loss_fn(p1, z2.detach()) + loss_fn(p2, z1.detach())).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    tau = 0.95
    for po, pt in zip(online.parameters(), target.parameters()):
        pt.data = pt.data * tau + po.data * (1 - tau)
    print(step, loss.item())
