"""An ensemble of generated regressors under vmap; each of them forgets its generator inside of the transform."""
import torch
from torch import nn
from torch.func import vmap

torch.manual_seed(42)
codes = nn.Parameter(torch.randn(5, 4))
hyper = nn.Sequential(nn.Linear(4, 24), nn.Tanh(), nn.Linear(24, 3 * 2))
bias = nn.Parameter(torch.zeros(2))
opt = torch.optim.Adam([codes, *hyper.parameters(), bias], lr=3e-3)


def member(flat, x):
    w = flat.view(3, 2).detach()  # HC104
    return x @ w + bias


for step in range(8):
    x = torch.randn(16, 3)
    y = x[:, :2].abs()
    out = vmap(member, in_dims=(0, None))(hyper(codes), x)
    loss = (out - y).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
