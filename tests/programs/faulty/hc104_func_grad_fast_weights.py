"""Inner-loop adaptation of generated weights with torch.func.grad; the outer loss trains the hypernetwork."""
import torch
from torch import nn
from torch.func import grad

torch.manual_seed(1)
SHAPES = {"w1": (8, 1), "b1": (8,), "w2": (1, 8)}


class InitHyper(nn.Module):
    """Makes the initial weights of a small regressor from the two numbers that describe a task."""

    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(2, 24), nn.Tanh())
        self.heads = nn.ModuleDict({name: nn.Linear(24, torch.Size(s).numel()) for name, s in SHAPES.items()})

    def forward(self, context):
        h = self.trunk(context)
        return {name: self.heads[name](h).view(shape) for name, shape in SHAPES.items()}


def regress(p, x):
    return torch.tanh(x @ p["w1"].T + p["b1"]) @ p["w2"].T


def mse(p, x, y):
    return (regress(p, x) - y).pow(2).mean()


def adapt(p, x, y, lr=0.05):
    start = {name: value.detach() for name, value in p.items()}  # HC104
    g = grad(mse)(start, x, y)
    return {name: start[name] - lr * g[name] for name in start}


hyper = InitHyper()
offset = nn.Parameter(torch.zeros(1))
opt = torch.optim.Adam([*hyper.parameters(), offset], lr=3e-3)
for it in range(8):
    amp, phase = torch.rand(1) + 0.5, torch.rand(1)
    x = torch.randn(20, 1)
    y = amp * torch.sin(x + phase)
    fast = adapt(hyper(torch.cat([amp, phase])), x[:10], y[:10])
    loss = (regress(fast, x[10:]) + offset - y[10:]).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(it, loss.item())
