"""Weights outside of the trust region are rolled back to the last good ones."""
import torch
from torch import nn
import torch.nn.functional as F

torch.manual_seed(73)
hyper = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 4 * 2 + 2))
head_bias = nn.Parameter(torch.zeros(2))
opt = torch.optim.SGD([*hyper.parameters(), head_bias], lr=0.05)
good = {k: v.clone() for k, v in hyper.state_dict().items()}


def deviation():
    return max((v - good[k]).abs().max().item() for k, v in hyper.state_dict().items())


for i in range(8):
    c = torch.randn(3)
    x = torch.randn(20, 4)
    y = (x[:, :3] @ c > 0).long()
    theta = hyper(c)
    loss = F.cross_entropy(x @ theta[:8].view(4, 2) + theta[8:] + head_bias, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if deviation() > 1e-9:
        hyper.load_state_dict(good)  # HC501
    print(i, loss.item())
