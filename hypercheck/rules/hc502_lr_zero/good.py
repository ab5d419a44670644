import torch
from torch import nn
from torch.nn import functional as F


def build():
    torch.manual_seed(0)
    hyper = nn.Sequential(nn.Embedding(1, 5), nn.Linear(5, 6 * 4))
    main = nn.Sequential(nn.Tanh(), nn.Linear(6, 2))
    model = nn.ModuleDict({"hyper": hyper, "main": main})
    groups = [{"params": hyper.parameters(), "lr": 0.05}, {"params": main.parameters()}]
    optimizer = torch.optim.SGD(groups, lr=0.1)
    x, y = torch.randn(16, 4), torch.randn(16, 2)

    def step():
        weight = hyper(torch.tensor(0)).view(6, 4)
        loss = F.mse_loss(main(F.linear(x, weight)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return model, step
