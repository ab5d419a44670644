"""Hypernetwork picks a weight template with a hard argmax; the router never learns, templates do."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Router(nn.Module):
    def __init__(self, c, k):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(c, 12), nn.ReLU(), nn.Linear(12, k))

    def forward(self, c):
        logits = self.net(c)
        idx = logits.softmax(-1).argmax(-1)  # HC113
        return F.one_hot(idx, logits.size(-1)).float()  # HC113


class Bank(nn.Module):
    def __init__(self, k=4, i=5, o=3):
        super().__init__()
        self.router = Router(2, k)
        self.bank = nn.Parameter(torch.randn(k, o, i) * 0.2)

    def forward(self, x, c):
        w = torch.einsum("bk,koi->boi", self.router(c), self.bank)
        return torch.einsum("boi,bi->bo", w, x)


torch.manual_seed(0)
m = Bank()
opt = torch.optim.Adam(m.parameters(), lr=1e-2)
for i in range(10):
    x, c = torch.randn(32, 5), torch.randn(32, 2)
    y = (c[:, 0] > 0).long() + (x[:, 0] > 0).long()
    loss = F.cross_entropy(m(x, c), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
