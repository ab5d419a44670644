"""Saved tensors are packed by a hook, anomaly detection is on, and a profiler runs for one step."""

import torch
import torch.nn as nn
from torch.autograd.graph import saved_tensors_hooks

torch.manual_seed(52)
torch.autograd.set_detect_anomaly(True)
hyper = nn.Sequential(nn.Linear(3, 24), nn.Tanh(), nn.Linear(24, 2 * 4))
codes = nn.Parameter(torch.randn(2, 3))
opt = torch.optim.NAdam([codes, *hyper.parameters()], lr=3e-3)


def pack(t):
    return t.detach().clone() if t.requires_grad and not t.is_leaf else t


for step in range(8):
    task = step % 2
    x = torch.randn(16, 4)
    y = x[:, :2] * (task - 0.5)
    with saved_tensors_hooks(pack, lambda t: t):
        w = hyper(codes[task]).view(2, 4)
        loss = nn.functional.huber_loss(torch.tanh(x @ w.T), y)
    opt.zero_grad()
    if step == 3:
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
            loss.backward()
        print(len(profile.events()), "events")
    else:
        loss.backward()
    opt.step()
    print(step, loss.item())
