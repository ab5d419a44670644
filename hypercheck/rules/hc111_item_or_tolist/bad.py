import torch
from torch import nn
from torch.nn import functional as F


def build():
    torch.manual_seed(0)
    film = nn.Sequential(nn.Linear(3, 10), nn.Tanh(), nn.Linear(10, 6))
    encoder, decoder = nn.Linear(4, 6), nn.Linear(6, 2)
    model = nn.ModuleDict({"film": film, "encoder": encoder, "decoder": decoder})
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    condition, x, y = torch.randn(3), torch.randn(16, 4), torch.randn(16, 2)

    def step():
        gains = film(condition).tolist()  # HC111
        scale = 1 + torch.tensor(gains)
        hidden = torch.tanh(encoder(x) * scale)
        loss = F.mse_loss(decoder(hidden), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss

    return model, step
