"""Adjoint ODE solver as a custom Function: backward calls autograd.grad; weights are passed as adjoint parameters."""

import torch
import torch.nn as nn
import torch.nn.functional as F


def field(y, flat):
    w1, b1, w2, b2 = flat.split([16, 8, 16, 2])
    return F.linear(torch.tanh(F.linear(y, w1.view(8, 2), b1)), w2.view(2, 8), b2)


class Adjoint(torch.autograd.Function):
    @staticmethod
    def forward(ctx, y0, flat, steps, h):
        ctx.h, ys = h, [y0]
        with torch.no_grad():
            for _ in range(steps):
                ys.append(ys[-1] + h * field(ys[-1], flat))
        ctx.save_for_backward(flat, *ys[:-1])
        return ys[-1]

    @staticmethod
    def backward(ctx, a):
        flat, *ys = ctx.saved_tensors
        gflat = torch.zeros_like(flat)
        for y in reversed(ys):
            with torch.enable_grad():
                y_, f_ = y.detach().requires_grad_(), flat.detach().requires_grad_()
                out = y_ + ctx.h * field(y_, f_)
            gy, gf = torch.autograd.grad(out, (y_, f_), a)
            a, gflat = gy, gflat + gf
        return a, gflat, None, None


torch.manual_seed(0)
enc = nn.GRU(2, 10, batch_first=True)
hyper = nn.Linear(10, 42)
opt = torch.optim.Adam([*enc.parameters(), *hyper.parameters()], 1e-3)
for it in range(8):
    t = torch.linspace(0, 2, 10) + torch.rand(1) * 3
    s = torch.stack([t.sin(), t.cos()], -1)
    _, h = enc(s[None, :6])
    y = Adjoint.apply(s[5:6], hyper(h[0, 0]), 4, 0.22)
    loss = F.mse_loss(y, s[9:10])
    opt.zero_grad()
    loss.backward()
    opt.step()
