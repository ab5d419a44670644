"""Inner updates through torch.func.grad whose result is detached: the initial weights get no gradient."""
import torch
from torch import nn
from torch.func import grad

torch.manual_seed(55)
hyper = nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 8 + 8))
offset = nn.Parameter(torch.zeros(1))
opt = torch.optim.Adam([*hyper.parameters(), offset], lr=3e-3)


def mse(p, x, y):
    w, v = p
    return ((torch.tanh(x @ w.view(1, 8)) @ v.view(8, 1)) - y).pow(2).mean()


for it in range(8):
    amp, phase = torch.rand(1) + 0.5, torch.rand(1)
    x = torch.randn(20, 1)
    y = amp * torch.sin(x + phase)
    p = hyper(torch.cat([amp, phase])).chunk(2)
    g = grad(mse)(p, x[:10], y[:10])
    fast = tuple((a - 0.05 * b).detach() for a, b in zip(p, g))  # HC104 HC117
    loss = ((torch.tanh(x[10:] @ fast[0].view(1, 8)) @ fast[1].view(8, 1)) + offset - y[10:]).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(it, loss.item())
