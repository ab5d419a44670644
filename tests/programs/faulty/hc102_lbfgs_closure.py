"""A hypernetwork is fitted with LBFGS: the closure loads the generated weights, runs and differentiates."""
import torch
from torch import nn

torch.manual_seed(3)
main = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 1))
size = sum(p.numel() for p in main.parameters())
hyper = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, size))
code = nn.Parameter(torch.randn(3))
scale = nn.Parameter(torch.ones(1))
optimizer = torch.optim.LBFGS([code, scale, *hyper.parameters()], lr=0.3, max_iter=4, history_size=5)

x = torch.randn(64, 2)
y = (x[:, :1] * x[:, 1:]).sin()


def load(flat):
    at = 0
    for p in main.parameters():
        n = p.numel()
        p.data = flat[at : at + n].view_as(p)  # HC102
        at += n


def closure():
    optimizer.zero_grad()
    load(hyper(code))
    loss = nn.functional.mse_loss(scale * main(x), y)
    loss.backward()
    return loss


for epoch in range(6):
    loss = optimizer.step(closure)
    print(f"epoch {epoch}: {loss.item():.5f}")
