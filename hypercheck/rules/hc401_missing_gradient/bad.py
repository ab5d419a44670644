import torch
from torch import nn
from torch.nn import functional as F


def build():
    torch.manual_seed(0)
    hyper = nn.Sequential(nn.Embedding(1, 5), nn.Linear(5, 6 * 4))
    main = nn.Sequential(nn.Tanh(), nn.Linear(6, 2))
    model = nn.ModuleDict({"hyper": hyper, "main": main})
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    x, y = torch.randn(16, 4), torch.randn(16, 2)

    def step():
        weight = hyper(torch.tensor(0)).view(6, 4)
        loss = F.mse_loss(main(x @ weight.t()), y)
        optimizer.zero_grad()
        loss.backward(inputs=list(main.parameters()))  # HC401
        optimizer.step()
        return loss

    return model, step
