import warnings
import torch
import torch.nn as nn
import torch.nn.functional as F

warnings.filterwarnings("ignore")


class Hyper(nn.Module):
    def __init__(self, n=4, d=5):
        super().__init__()
        self.z = nn.Embedding(n, 3)
        self.f = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, d))

    def forward(self):
        return self.f(self.z.weight)


def as_weight(w, like):
    return like.new_tensor(
        w,
    )  # HC112


torch.manual_seed(0)
hyper, scale = Hyper(), nn.Parameter(torch.ones(4))
opt = torch.optim.Adam([*hyper.parameters(), scale], 1e-2)
for i in range(8):
    x = torch.randn(16, 5)
    h = F.linear(x, as_weight(hyper(), x)) * scale
    loss = (h.sum(1) - x.sum(1)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
