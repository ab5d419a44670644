import torch
from torch import nn


class Chunked(nn.Module):
    def __init__(self):
        super().__init__()
        self.chunks = nn.Parameter(torch.randn(4, 6))
        self.generator = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 14))
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, x):
        theta = self.generator(self.chunks).flatten().detach()  # HC104
        first, second = theta[:32].view(8, 4), theta[32:].view(3, 8)
        return nn.functional.linear(torch.tanh(nn.functional.linear(x, first)), second, self.bias)


def build():
    torch.manual_seed(0)
    model, x, labels = Chunked(), torch.randn(16, 4), torch.randint(3, (16,))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)

    def step():
        loss = nn.functional.cross_entropy(model(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return model, step
