"""The main network runs under reentrant checkpointing; its kernels come from a hypernetwork."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint

torch.manual_seed(6)
C = 6


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.code = nn.Parameter(torch.randn(5))
        self.net = nn.Sequential(nn.Linear(5, 32), nn.ELU(), nn.Linear(32, C * C * 3))

    def forward(self):
        return self.net(self.code).view(C, C, 3)


def mixer(h, kernel):
    h = F.conv1d(h, kernel, padding=1)
    return h * torch.sigmoid(h)


hyper = Hyper()
stem = nn.Conv1d(1, C, 3, padding=1)
head = nn.Linear(C, 2)
params = [p for m in (hyper, stem, head) for p in m.parameters()]
opt = torch.optim.Adam(params, lr=2e-3)
for step in range(7):
    x = torch.randn(8, 1, 16)
    y = (x.mean((1, 2)) > 0).long()
    kernel = hyper()
    frozen = kernel.detach().requires_grad_()  # HC104
    h = checkpoint(mixer, stem(x), frozen, use_reentrant=True)
    loss = F.cross_entropy(head(h.mean(2)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
