"""LBFGS fit of a hypernetwork; a validation pass every iteration."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(52)
g = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 2 * 3))
b1 = nn.Parameter(torch.zeros(3))
v = nn.Parameter(torch.randn(1, 3) * 0.5)
opt = torch.optim.LBFGS([*g.parameters(), b1, v], lr=0.3, max_iter=4)
xs = torch.randn(40, 2)
val = torch.randn(20, 2)


def net(x, w):
    return F.linear(torch.tanh(F.linear(x, w.view(3, 2), b1)), v)


def goal(x, lam):
    return x[:, :1] * lam + x[:, 1:]


def validate(lam):
    torch.set_grad_enabled(False)  # HC105 HC115
    return F.mse_loss(net(val, g(lam)), goal(val, lam)).item()


for it in range(6):
    lam = torch.full((1,), 0.1 * it)
    vloss = validate(lam)
    w = g(lam)

    def closure():
        opt.zero_grad()
        loss = F.mse_loss(net(xs, w), goal(xs, lam))
        loss.backward()
        return loss

    loss = opt.step(closure)
    print(it, "train", loss.item(), "val", vloss)
