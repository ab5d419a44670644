import torch
from torch import nn


def build():
    torch.manual_seed(0)
    heads = nn.ModuleList([nn.Linear(5, 8 * 4), nn.Linear(5, 3 * 8)])
    main = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    code = nn.Parameter(torch.randn(5))
    del main[0].weight, main[2].weight
    model = nn.ModuleDict({"heads": heads, "main": main})
    model.register_parameter("code", code)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x, y = torch.randn(16, 4), torch.randn(16, 3)

    def step():
        for layer, head in zip((main[0], main[2]), heads):
            weight = head(code).view(layer.out_features, layer.in_features)
            layer.weight = weight
        loss = (main(x) - y).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return model, step
