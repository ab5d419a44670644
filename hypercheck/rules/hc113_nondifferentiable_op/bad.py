import torch
from torch import nn
from torch.nn import functional as F


def build():
    torch.manual_seed(0)
    hyper = nn.Sequential(nn.Linear(5, 12), nn.Tanh(), nn.Linear(12, 3 * 4))
    scale = nn.Linear(3, 3)
    model = nn.ModuleList([hyper, scale])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    condition, x, y = torch.randn(5), torch.randn(16, 4), torch.randn(16, 3)

    def step():
        theta = hyper(condition).view(3, 4)
        binary = torch.sign(theta)  # HC113
        loss = F.mse_loss(scale(F.linear(x, binary)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return model, step
