"""MAML with torch.func.grad in the inner loop, and a task-conditioned hypernetwork for the first layer."""

import torch
from torch import nn
from torch.func import functional_call, grad, vmap

torch.manual_seed(1)


class Generated(nn.Module):
    def __init__(self):
        super().__init__()
        self.hyper = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1 * 8))
        self.out = nn.Linear(8, 1)

    def forward(self, x, context):
        w = self.hyper(context).view(8, 1)
        return self.out(torch.tanh(nn.functional.linear(x, w)))


model = Generated()
params = dict(model.named_parameters())
opt = torch.optim.Adam(params.values(), lr=2e-3)


def task_loss(p, x, y, context):
    return (functional_call(model, p, (x, context)) - y).pow(2).mean()


def adapted_loss(p, support, query, context):
    g = grad(task_loss)(p, *support, context)
    fast = {name: value - 0.1 * g[name] for name, value in p.items()}
    return task_loss(fast, *query, context)


for it in range(8):
    amp, phase = torch.rand(4, 1, 1) + 0.5, torch.rand(4, 1, 1)
    xs, xq = torch.randn(4, 10, 1), torch.randn(4, 10, 1)
    ys, yq = amp * torch.sin(xs + phase), amp * torch.sin(xq + phase)
    context = torch.cat([amp, phase], 1).squeeze(2)
    losses = vmap(adapted_loss, in_dims=(None, 0, 0, 0))(params, (xs, ys), (xq, yq), context)
    opt.zero_grad()
    losses.mean().backward()
    opt.step()
    print(it, losses.mean().item())
