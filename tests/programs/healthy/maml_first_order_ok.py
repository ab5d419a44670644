import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functional_call


class Encoder(nn.Module):
    def __init__(self, shapes):
        super().__init__()
        self.shapes = shapes
        self.enc = nn.Sequential(nn.Linear(3, 24), nn.ReLU())
        self.out = nn.Linear(24, sum(s.numel() for s in shapes.values()))
        self.log_lr = nn.Parameter(torch.tensor(-2.0))

    def forward(self, xs, ys):
        h = self.enc(torch.cat([xs, ys], 1)).mean(0)
        flat = self.out(h)
        return {
            k: v.view(s)
            for (k, s), v in zip(self.shapes.items(), flat.split([s.numel() for s in self.shapes.values()]))
        }


torch.manual_seed(0)
learner = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
enc = Encoder({n: p.shape for n, p in learner.named_parameters()})
opt = torch.optim.Adam(enc.parameters(), lr=3e-3)
for ep in range(8):
    meta_loss = 0
    for task in range(3):
        a = torch.randn(2, 1)
        xs, xq = torch.randn(10, 2), torch.randn(10, 2)
        ys, yq = (xs @ a).sin(), (xq @ a).sin()
        w = enc(xs, ys)
        for _ in range(2):
            inner = F.mse_loss(functional_call(learner, w, (xs,)), ys)
            grads = torch.autograd.grad(inner, list(w.values()))
            w = {k: v - enc.log_lr.exp() * g for (k, v), g in zip(w.items(), grads)}
        meta_loss = meta_loss + F.mse_loss(functional_call(learner, w, (xq,)), yq)
    opt.zero_grad()
    (meta_loss / 3).backward()
    opt.step()
