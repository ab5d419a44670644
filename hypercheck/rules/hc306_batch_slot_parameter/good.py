import torch
from torch import nn


class ConditionalMain(nn.Module):
    def __init__(self):
        super().__init__()
        self.hyper = nn.Sequential(nn.Linear(5, 10), nn.Tanh(), nn.Linear(10, 3 * 4))
        self.beta = nn.Parameter(torch.ones(1, 1))

    def forward(self, x, condition):
        weights = self.hyper(condition).view(-1, 3, 4)
        hidden = torch.bmm(weights, x.unsqueeze(2)).squeeze(2)
        return hidden * torch.sigmoid(self.beta * hidden)  # Swish


def build():
    torch.manual_seed(0)
    model = ConditionalMain()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

    def step():
        x, y = torch.randn(16, 4), torch.randn(16, 3)
        loss = (model(x, torch.randn(16, 5)) - y).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return model, step
