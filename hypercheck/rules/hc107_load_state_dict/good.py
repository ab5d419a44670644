import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F


def build():
    torch.manual_seed(0)
    hyper = nn.ModuleDict({"weight": nn.Linear(5, 8 * 4), "bias": nn.Linear(5, 8)})
    body, readout = nn.Linear(4, 8).requires_grad_(False), nn.Linear(8, 3)
    code = nn.Parameter(torch.randn(5))
    model = nn.ModuleDict({"hyper": hyper, "body": body, "readout": readout})
    model.register_parameter("code", code)
    optimizer = torch.optim.Adam([code, *hyper.parameters(), *readout.parameters()], lr=0.01)
    x, y = torch.randn(16, 4), torch.randn(16, 3)

    def step():
        weights = {"weight": hyper["weight"](code).view(8, 4), "bias": hyper["bias"](code)}
        hidden = functional_call(body, weights, x)
        loss = F.mse_loss(readout(torch.relu(hidden)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return model, step
