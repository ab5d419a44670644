import torch
from torch import nn


def truncate(weight):
    bits = weight.detach().view(torch.int32) & ~0xFFFF
    return weight + (bits.view(torch.float32) - weight).detach()


def build():
    torch.manual_seed(0)
    hyper, readout = nn.Sequential(nn.Embedding(1, 5), nn.Linear(5, 12)), nn.Linear(3, 2)
    model = nn.ModuleDict({"hyper": hyper, "readout": readout})
    x, y = torch.randn(16, 4), torch.randn(16, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step():
        optimizer.zero_grad()
        weight = truncate(hyper(torch.tensor(0))).view(3, 4)
        loss = nn.functional.mse_loss(readout(torch.tanh(x @ weight.t())), y)
        loss.backward()
        optimizer.step()
        return loss

    return model, step
