"""A lot of logging: weights to numpy, histograms, norms by .item(), best-checkpoint copies, early stopping."""

import copy
import io

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Parameter(torch.randn(6))
        self.f = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 8 * 4 + 8 + 2 * 8 + 2))

    def forward(self):
        return self.f(self.e)


class Logger:
    def __init__(self):
        self.rows = []

    def weights(self, step, ws):
        arr = [w.detach().cpu().numpy() for w in ws]
        self.rows.append(
            {
                "step": step,
                "std": [float(np.std(a)) for a in arr],
                "hist": np.histogram(arr[0], 5)[0].tolist(),
            }
        )

    def scalar(self, step, loss, hyper):
        self.rows[-1].update(loss=loss.item(), gn=sum(p.grad.norm().item() for p in hyper.parameters()))


torch.manual_seed(0)
hyper, log, best, best_loss = Hyper(), Logger(), None, float("inf")
opt = torch.optim.Adam(hyper.parameters(), lr=3e-3)
sched = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, patience=1)
x, y = torch.randn(60, 4), torch.randint(0, 2, (60,))
for step in range(12):
    w1, b1, w2, b2 = hyper().split([32, 8, 16, 2])
    ws = (w1.view(8, 4), b1, w2.view(2, 8), b2)
    log.weights(step, ws)
    loss = F.cross_entropy(F.linear(F.relu(F.linear(x, ws[0], ws[1])), ws[2], ws[3]), y)
    opt.zero_grad()
    loss.backward()
    log.scalar(step, loss, hyper)
    opt.step()
    sched.step(loss.item())
    if loss.item() < best_loss:
        best_loss, best = loss.item(), copy.deepcopy(hyper.state_dict())
        buf = io.BytesIO()
        torch.save({"model": hyper.state_dict(), "weights": [w.detach() for w in ws]}, buf)
hyper.load_state_dict(best)
