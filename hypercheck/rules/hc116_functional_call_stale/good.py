import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F


def build():
    torch.manual_seed(0)
    hyper, main = nn.Linear(5, 8 * 4), nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
    main[0].weight.requires_grad_(False)  # only a placeholder: this weight is generated
    code = nn.Parameter(torch.randn(5))
    model = nn.ModuleDict({"hyper": hyper, "main": main})
    model.register_parameter("code", code)
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.01)
    x, y = torch.randn(16, 4), torch.randn(16, 2)

    def step():
        weights = {"0.weight": hyper(code).view(8, 4)}
        own = dict(main.named_parameters())
        output = functional_call(main, {**own, **weights}, x)
        loss = F.mse_loss(output, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return model, step
