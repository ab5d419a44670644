import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel


class Main(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(6, 2)

    def forward(self, x, weight):
        return self.head(torch.tanh(F.linear(x, weight)))


def build():
    torch.manual_seed(0)
    hyper = nn.Sequential(nn.Embedding(1, 5), nn.Linear(5, 6 * 4))
    main = DistributedDataParallel(Main())  # HC512
    optimizer = torch.optim.Adam([*hyper.parameters(), *main.parameters()], lr=0.01)
    torch.manual_seed(dist.get_rank())  # every rank its own share of the data
    x, y = torch.randn(16, 4), torch.randn(16, 2)

    def step():
        loss = F.mse_loss(main(x, hyper(torch.tensor(0)).view(6, 4)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return nn.ModuleList([hyper, main]), step
