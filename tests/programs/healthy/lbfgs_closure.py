"""L-BFGS with a closure for a small hypernetwork."""

import torch
import torch.nn as nn

torch.manual_seed(0)
hyper = nn.Sequential(nn.Linear(1, 10), nn.Tanh(), nn.Linear(10, 3 * 6 + 1))
optimizer = torch.optim.LBFGS(
    hyper.parameters(), lr=0.5, max_iter=4, history_size=5, line_search_fn="strong_wolfe"
)
freq = torch.tensor([[0.5], [1.0], [1.5]])
x = torch.linspace(-2, 2, 25).view(1, -1, 1)
y = torch.sin(freq.unsqueeze(1) * x)


def u(theta, x):
    w1, b1, w2, b2 = theta.split([6, 6, 6, 1], dim=1)
    h = torch.tanh(x * w1.unsqueeze(1) + b1.unsqueeze(1))
    return (h * w2.unsqueeze(1)).sum(-1, keepdim=True) + b2.unsqueeze(1)


def closure():
    optimizer.zero_grad()
    loss = (u(hyper(freq), x) - y).pow(2).mean()
    loss.backward()
    return loss


for i in range(6):
    loss = optimizer.step(closure)
    print("outer", i, "loss", loss.item())
