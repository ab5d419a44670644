import torch
from torch import nn


class ConditionalHyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(5, 10), nn.Tanh())
        self.head = nn.Linear(10, 3 * 4)

    def forward(self, x, condition):
        context = self.encoder(condition)
        context = context.mean(dim=0, keepdim=True).expand_as(context)
        weights = self.head(context).view(-1, 3, 4)  # HC602
        return torch.einsum("boi,bi->bo", weights, x)


def build():
    torch.manual_seed(0)
    model, x, y = ConditionalHyper(), torch.randn(16, 4), torch.randn(16, 3)
    optimizer, condition = torch.optim.Adam(model.parameters(), lr=0.01), torch.randn(16, 5)

    def step():
        loss = nn.functional.mse_loss(model(x, condition), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return model, step
