import torch
from torch import nn
from torch.nn import functional as F


def build():
    torch.manual_seed(0)
    hyper, main = nn.Sequential(nn.Embedding(1, 5), nn.Linear(5, 6 * 4)), nn.Linear(6, 2)
    model = nn.ModuleDict({"hyper": hyper, "main": main})
    hyper_optimizer = torch.optim.Adam(hyper.parameters(), lr=0.01)
    main_optimizer = torch.optim.Adam(main.parameters(), lr=0.01)
    x, y = torch.randn(16, 4), torch.randn(16, 2)

    def step():
        weight = hyper(torch.tensor(0)).view(6, 4)
        loss = F.mse_loss(main(torch.tanh(F.linear(x, weight))), y)
        hyper_optimizer.zero_grad()
        main_optimizer.zero_grad()
        loss.backward()
        hyper_optimizer.step()
        main_optimizer.step()
        return loss

    return model, step
