import torch
from torch import nn
from torch.nn import functional as F


class HyperLinear(nn.Module):
    def __init__(self):
        super().__init__()
        self.tasks, self.head = nn.Embedding(2, 5), nn.Linear(5, 3 * 4)

    def forward(self, x, task):
        return F.linear(x, self.head(self.tasks(task)).view(3, 4))


def build():
    torch.manual_seed(0)
    model = HyperLinear()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    x, y = torch.randn(2, 16, 4), torch.randn(2, 16, 3)

    def step():
        loss = sum(F.mse_loss(model(x[task], torch.tensor(task)), y[task]) for task in range(2))
        loss.backward()  # HC405
        optimizer.step()
        return loss

    return model, step
