import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F


def build():
    torch.manual_seed(dist.get_rank())  # every rank its own share of the data
    x, y = torch.randn(16, 4), torch.randn(16, 6)
    hyper = nn.Sequential(nn.Embedding(1, 5), nn.Linear(5, 6 * 4))
    optimizer = torch.optim.Adam(hyper.parameters(), lr=0.01)

    def step():
        loss = F.mse_loss(F.linear(x, hyper(torch.tensor(0)).view(6, 4)), y)
        optimizer.zero_grad()
        loss.backward()  # HC511
        for parameter in hyper.parameters():
            dist.all_reduce(parameter.grad)
            parameter.grad /= dist.get_world_size()
        optimizer.step()
        return loss

    return hyper, step
