"""Meta-learned loss: the loss network shapes the inner update of generated weights."""
import torch
from torch import nn
import torch.nn.functional as F

torch.manual_seed(33)
gen = nn.Sequential(nn.Linear(2, 12), nn.ReLU(), nn.Linear(12, 3 * 4 + 4))
loss_net = nn.Sequential(nn.Linear(2, 10), nn.Tanh(), nn.Linear(10, 1), nn.Softplus())
meta_opt = torch.optim.Adam([*gen.parameters(), *loss_net.parameters()], lr=1e-3)


def forward(theta, x):
    w, v = theta[:12].view(4, 3), theta[12:].view(1, 4)
    return F.linear(torch.tanh(F.linear(x, w)), v)


def adapt(theta, x, y, lr=0.1, steps=2):
    for _ in range(steps):
        inner = loss_net(torch.cat([forward(theta, x), y], 1)).mean()
        (g,) = torch.autograd.grad(inner, theta, retain_graph=True)  # HC117
        theta = theta - lr * g
    return theta


for it in range(8):
    task = torch.randn(2)
    x = torch.randn(24, 3)
    y = x[:, :1] * task[0] + task[1]
    theta = adapt(gen(task), x[:12], y[:12])
    outer = F.mse_loss(forward(theta, x[12:]), y[12:])
    meta_opt.zero_grad()
    outer.backward()
    meta_opt.step()
    print(f"meta-iter {it} outer {outer.item():.4f}")
