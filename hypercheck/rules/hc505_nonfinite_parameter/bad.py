import itertools

import torch
from torch import nn
from torch.nn import functional as F


class TaskHyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.tasks, self.head = nn.Embedding(2, 5), nn.Linear(5, 3 * 4)

    def forward(self, x, task):
        return F.linear(x, self.head(self.tasks(task)).view(3, 4))


def build():
    torch.manual_seed(0)
    model, x, y = TaskHyper(), torch.randn(16, 4), torch.randn(16, 3)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, eps=0.0)  # HC505
    turn = itertools.cycle([torch.tensor(0), torch.tensor(1)])

    def step():
        loss = F.mse_loss(model(x, next(turn)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return model, step
