import torch
from torch import nn
from torch.nn import functional as F


class Main(nn.Module):
    def __init__(self):
        super().__init__()
        self.readout = nn.Linear(6, 3)

    def forward(self, x, params):
        return self.readout(torch.tanh(F.linear(x, params["weight"], params["bias"])))


def build():
    torch.manual_seed(0)
    hyper = nn.ModuleDict({"weight": nn.Linear(5, 6 * 4), "bias": nn.Linear(5, 6)})
    model = nn.ModuleDict({"hyper": hyper, "main": Main()})
    optimizer = torch.optim.Adam(model["main"].parameters(), lr=0.01)  # HC304
    code, x, y = torch.randn(5), torch.randn(16, 4), torch.randn(16, 3)

    def step():
        model.zero_grad()
        params = {"weight": hyper["weight"](code).view(6, 4), "bias": hyper["bias"](code)}
        loss = F.mse_loss(model["main"](x, params), y)
        loss.backward()
        optimizer.step()
        return loss

    return model, step
