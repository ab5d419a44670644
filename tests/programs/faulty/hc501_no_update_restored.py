"""EMA weights are swapped in for evaluation after each step, and never swapped back."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 8))

    def forward(self, c):
        return self.net(c).view(2, 4)


def snapshot(module):
    return {k: v.detach().clone() for k, v in module.state_dict().items()}


def evaluate(hyper, best):
    hyper.load_state_dict(best)  # HC501
    with torch.no_grad():
        return F.linear(torch.randn(5, 4), hyper(torch.zeros(3))).mean().item()


torch.manual_seed(0)
hyper = Hyper()
best = snapshot(hyper)
opt = torch.optim.Adam(hyper.parameters(), 1e-3)
for step in range(10):
    x, c = torch.randn(16, 4), torch.randn(3)
    loss = F.cross_entropy(F.linear(x, hyper(c)), (x[:, 0] > c[0]).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(evaluate(hyper, best))
