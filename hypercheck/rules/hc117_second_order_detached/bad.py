import torch
from torch import nn
from torch.nn import functional as F


def build():
    torch.manual_seed(0)
    hyper, critic = nn.Linear(5, 3 * 4), nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 1))
    model = nn.ModuleDict({"hyper": hyper, "critic": critic})
    optimizer = torch.optim.Adam([*hyper.parameters(), *critic[0].parameters(), critic[2].weight], lr=0.01)
    critic[2].bias.requires_grad_(False)  # a constant: it cannot change the inner gradient
    code, x, y = torch.randn(5), torch.randn(16, 4), torch.randn(16, 3)

    def step():
        weight = hyper(code).view(3, 4)
        inner = critic(F.linear(x, weight)).mean()  # a learned loss
        (slope,) = torch.autograd.grad(inner, weight)  # HC117
        adapted = weight - 0.5 * slope
        loss = F.mse_loss(F.linear(x, adapted), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return model, step
