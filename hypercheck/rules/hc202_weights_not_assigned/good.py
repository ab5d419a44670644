import torch
from torch import nn
from torch.nn import functional as F


def build():
    torch.manual_seed(0)
    main = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    hyper = nn.Sequential(nn.Linear(5, 10), nn.Tanh(), nn.Linear(10, 8 * 4))
    del main[0].weight
    model = nn.ModuleDict({"hyper": hyper, "main": main})
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    condition, x, y = torch.randn(5), torch.randn(16, 4), torch.randn(16, 3)

    def step():
        weight = hyper(condition).view(8, 4)
        setattr(main[0], "weight", weight)
        loss = F.mse_loss(main(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return model, step
