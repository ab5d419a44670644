import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F


def build():
    torch.manual_seed(0)
    body = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 5)).requires_grad_(False)
    readout = nn.Linear(5, 2)
    hyper = nn.Sequential(nn.Linear(3, 10), nn.Tanh(), nn.Linear(10, 6 * 4 + 6 + 5 * 6 + 5))
    model = nn.ModuleDict({"hyper": hyper, "body": body, "readout": readout})
    optimizer = torch.optim.SGD([*hyper.parameters(), *readout.parameters()], lr=0.1)
    condition, x, y = torch.randn(3), torch.randn(16, 4), torch.randn(16, 2)

    def step():
        theta = hyper(condition)
        named = dict(body.named_parameters())
        parts = theta.split([p.numel() for p in named.values()])
        weights = {name: part.view_as(named[name]) for name, part in zip(named, parts)}
        features = functional_call(body, weights, x)
        loss = F.mse_loss(readout(torch.tanh(features)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return model, step
