"""HyperPINN for u' = -lam u, double precision."""
import torch
from torch import nn

torch.manual_seed(12)
DT = torch.float64
embedding = torch.randn(3, 4, requires_grad=True).to(DT)  # HC302
lams = torch.tensor([0.5, 1.0, 2.0], dtype=DT)
hyper = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 8 + 8 + 8)).to(DT)
optimizer = torch.optim.Adam(hyper.parameters(), lr=1e-3)


def u(t, theta):
    w, b, v = theta.split(8)
    return 1 + t * (torch.tanh(t * w + b) @ v[:, None])


for it in range(9):
    k = it % 3
    theta = hyper(embedding[k])
    t = torch.rand(20, 1, dtype=DT, requires_grad=True)
    y = u(t, theta)
    (dy,) = torch.autograd.grad(y.sum(), t, create_graph=True)
    loss = (dy + lams[k] * y).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(it, loss.item())
