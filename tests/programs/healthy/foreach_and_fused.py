"""Optimizers in their foreach and fused versions, one for each part of the model."""

import torch
import torch.nn as nn

torch.manual_seed(22)
codes = nn.Embedding(3, 5)
hyper = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 4 * 6))
head = nn.Linear(6, 2)
optimizers = [
    torch.optim.Adam(hyper.parameters(), lr=2e-3, fused=True),
    torch.optim.SGD(head.parameters(), lr=1e-2, momentum=0.9, foreach=True),
    torch.optim.AdamW(codes.parameters(), lr=2e-3, foreach=True, amsgrad=True),
]
schedulers = [torch.optim.lr_scheduler.ExponentialLR(o, 0.97) for o in optimizers]
for step in range(9):
    task = torch.tensor(step % 3)
    x = torch.randn(32, 4)
    y = (x.sum(1) * (task - 1) > 0).long()
    w = hyper(codes(task)).view(6, 4)
    loss = nn.functional.cross_entropy(head(torch.tanh(x @ w.T)), y)
    for o in optimizers:
        o.zero_grad(set_to_none=False)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(hyper.parameters(), 1.0, foreach=True)
    for o, s in zip(optimizers, schedulers):
        o.step()
        s.step()
    print(step, loss.item())
