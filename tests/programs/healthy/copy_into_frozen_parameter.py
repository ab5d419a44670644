"""Generated tensors are copied into requires_grad=False parameters of the target, so the graph stays attached."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(26)


def fresh_target():
    net = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 2))
    for p in net.parameters():
        p.requires_grad_(False)
    return net


def fill(net, flat):
    offset = 0
    for p in net.parameters():
        k = p.numel()
        p.copy_(flat[offset : offset + k].view_as(p))
        offset += k
    return net


N = sum(p.numel() for p in fresh_target().parameters())


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Embedding(3, 6)
        self.m = nn.Sequential(nn.Linear(6, 18), nn.SiLU(), nn.Linear(18, N))

    def forward(self, t):
        return self.m(self.e(torch.tensor(t)))


gen = Generator()
opt = torch.optim.Adam(gen.parameters(), lr=5e-3)
x = torch.randn(40, 5)
for it in range(9):
    t = it % 3
    net = fill(fresh_target(), gen(t))
    loss = F.cross_entropy(net(x), (x[:, t] > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("iter", it, "task", t, "loss", loss.item())
