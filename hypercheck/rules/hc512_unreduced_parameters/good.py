import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.hyper = nn.Sequential(nn.Embedding(1, 5), nn.Linear(5, 6 * 4))
        self.head = nn.Linear(6, 2)

    def forward(self, x):
        weight = self.hyper(torch.tensor(0)).view(6, 4)
        return self.head(torch.tanh(F.linear(x, weight)))


def build():
    torch.manual_seed(0)
    model = DistributedDataParallel(Model())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    torch.manual_seed(dist.get_rank())  # every rank its own share of the data
    x, y = torch.randn(16, 4), torch.randn(16, 2)

    def step():
        loss = F.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return model, step
