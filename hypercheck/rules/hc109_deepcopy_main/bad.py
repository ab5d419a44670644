import copy

import torch
from torch import nn


class ScaledLinear(nn.Linear):
    def forward(self, x, scale):
        return nn.functional.linear(x, scale.unsqueeze(1) * self.weight, self.bias)


def build():
    torch.manual_seed(0)
    main, hyper = ScaledLinear(4, 3), nn.Sequential(nn.Embedding(2, 5), nn.Linear(5, 3))
    model = nn.ModuleDict({"main": main, "hyper": hyper})
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    x, y = torch.randn(2, 16, 4), torch.randn(2, 16, 3)

    def step():
        loss = 0
        for task in range(2):
            expert = copy.deepcopy(main)  # HC109
            scale = 1 + hyper(torch.tensor(task))
            loss = loss + nn.functional.mse_loss(expert(x[task], scale), y[task])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss

    return model, step
