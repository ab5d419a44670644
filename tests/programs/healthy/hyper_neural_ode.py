"""Series encoder generates the vector field of a neural ODE that is integrated with RK4."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperODE(nn.Module):
    def __init__(self, state=2, width=10, ctx=8):
        super().__init__()
        self.state, self.width = state, width
        self.enc = nn.GRU(state, ctx, batch_first=True)
        self.sizes = [state * width, width, width * state, state]
        self.head = nn.Linear(ctx, sum(self.sizes))

    def field(self, theta):
        w1, b1, w2, b2 = theta.split(self.sizes, 1)
        w1, w2 = w1.view(-1, self.state, self.width), w2.view(-1, self.width, self.state)
        b1, b2 = b1.unsqueeze(1), b2.unsqueeze(1)

        def f(y):
            return torch.baddbmm(b2, torch.tanh(torch.baddbmm(b1, y, w1)), w2)

        return f

    def forward(self, series, steps, dt):
        _, h = self.enc(series)
        f = self.field(self.head(h[-1]))
        y = series[:, -1:, :]
        ys = []
        for _ in range(steps):
            k1 = f(y)
            k2 = f(y + dt / 2 * k1)
            k3 = f(y + dt / 2 * k2)
            k4 = f(y + dt * k3)
            y = y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
            ys.append(y)
        return torch.cat(ys, 1)


def make_batch(n, T=12, dt=0.2):
    om = torch.rand(n, 1) * 2 + 0.5
    ph = torch.rand(n, 1) * 6.28
    t = torch.arange(T) * dt
    return torch.stack([torch.cos(om * t + ph), torch.sin(om * t + ph)], -1)


torch.manual_seed(0)
model = HyperODE()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
for it in range(8):
    traj = make_batch(16)
    pred = model(traj[:, :7], 5, 0.2)
    loss = F.mse_loss(pred, traj[:, 7:])
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"iter {it:02d} | mse {loss.item():.5f}")
