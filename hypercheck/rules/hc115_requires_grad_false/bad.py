import torch
from torch import nn


def build():
    torch.manual_seed(0)
    hyper, readout = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 12)), nn.Linear(3, 2)
    model = nn.ModuleDict({"hyper": hyper, "readout": readout})
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    condition, x, y = torch.randn(5), torch.randn(16, 4), torch.randn(16, 2)

    def criterion():
        weight = hyper(condition).view(3, 4)
        return nn.functional.mse_loss(readout(torch.tanh(nn.functional.linear(x, weight))), y)

    def evaluate():
        hyper.requires_grad_(False)  # HC115
        return criterion().item()

    def step():
        evaluate()
        optimizer.zero_grad()
        loss = criterion()
        loss.backward()
        optimizer.step()
        return loss

    return model, step
