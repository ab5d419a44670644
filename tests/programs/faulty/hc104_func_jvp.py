"""Jacobian-vector products of a generated field; the generator's answer is kept for the plots as well."""
import torch
from torch import nn
from torch.func import jvp

torch.manual_seed(41)
HIDDEN = 8
hyper = nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 4 * HIDDEN))
drift = nn.Parameter(torch.zeros(2))
optimizer = torch.optim.Adam([*hyper.parameters(), drift], lr=4e-3)
kept = []


def generate(context):
    flat = hyper(context)
    kept.append(flat.detach())  # HC104
    return kept[-1].chunk(2)


def field(z, w1, w2):
    return torch.tanh(z @ w1.view(2, HIDDEN)) @ w2.view(HIDDEN, 2) + drift


for step in range(8):
    context = torch.randn(2)
    z, direction = torch.randn(32, 2), torch.randn(32, 2)
    w1, w2 = generate(context)
    value, along = jvp(lambda q: field(q, w1, w2), (z,), (direction,))
    loss = (value - z * context).square().mean() + 0.1 * (along - direction * context).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, loss.item(), len(kept))
