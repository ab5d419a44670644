import torch
import torch.nn as nn
import torch.nn.functional as F


def grad_norm(model):
    norm = sum(p.grad.norm().item() ** 2 for p in model.parameters() if p.grad is not None) ** 0.5
    for p in model.parameters():
        if p.grad is not None:
            p.grad.zero_()  # HC404
    return norm


torch.manual_seed(0)
hyper = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 8))
opt = torch.optim.SGD(hyper.parameters(), lr=0.1)
for i in range(9):
    c, x = torch.randn(3), torch.randn(16, 4)
    opt.zero_grad()
    F.cross_entropy(F.linear(x, hyper(c).view(2, 4)), (x[:, 0] > c[0]).long()).backward()
    n = grad_norm(hyper)
    opt.step()
