import torch
from torch import nn


class ConditionalHyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk, self.head = nn.Linear(5, 10, bias=False), nn.Linear(10, 4 * 3)
        self.norm = nn.BatchNorm1d(10)

    def forward(self, x, condition):
        hidden = torch.tanh(self.norm(self.trunk(condition)))  # HC603
        weights = self.head(hidden).view(-1, 4, 3)
        return torch.bmm(x.unsqueeze(1), weights).squeeze(1)


def build():
    torch.manual_seed(0)
    model = ConditionalHyper()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

    def step():
        x, condition, y = torch.randn(16, 4), torch.randn(16, 5), torch.randn(16, 3)
        loss = nn.functional.mse_loss(model(x, condition), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss

    return model, step
