"""ODE block with a hand-written adjoint; the dynamics' weights are generated."""

import torch
import torch.nn as nn

torch.manual_seed(14)


def dyn(y, theta):
    w, b = theta[:9].view(3, 3), theta[9:12]
    return torch.tanh(y @ w.t() + b)


class OdeAdjoint(torch.autograd.Function):
    @staticmethod
    def forward(ctx, y0, theta, n, dt):
        y = y0
        with torch.no_grad():
            for _ in range(n):
                y = y + dt * dyn(y, theta)
        ctx.save_for_backward(y, theta)
        ctx.n, ctx.dt = n, dt
        return y

    @staticmethod
    def backward(ctx, a):
        y, theta = ctx.saved_tensors
        gt = torch.zeros_like(theta)
        for _ in range(ctx.n):
            with torch.enable_grad():
                yy, tt = y.detach().requires_grad_(), theta.detach().requires_grad_()
                f = dyn(yy, tt)
                gy, gth = torch.autograd.grad(f, (yy, tt), a)
            y = y - ctx.dt * f.detach()
            a = a + ctx.dt * gy
            gt = gt + ctx.dt * gth
        return a, gt, None, None


hyper = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 12))
enc, dec = nn.Linear(4, 3), nn.Linear(3, 1)
params = [*hyper.parameters(), *enc.parameters(), *dec.parameters()]
opt = torch.optim.Adam(params, lr=5e-3)
for step in range(8):
    c, x = torch.randn(2), torch.randn(30, 4)
    y = torch.sin(x[:, :1] * c[0] + c[1])
    z = OdeAdjoint.apply(enc(x), hyper(c), 8, 0.1)
    loss = (dec(z) - y).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
