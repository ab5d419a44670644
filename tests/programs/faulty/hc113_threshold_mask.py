"""Hyper-pruning: the hypernetwork proposes a mask over the shared weights for each budget."""
import torch
from torch import nn
import torch.nn.functional as F


class MaskHyper(nn.Module):
    def __init__(self, shapes):
        super().__init__()
        self.shapes = shapes
        self.f = nn.Sequential(nn.Linear(1, 12), nn.ReLU())
        self.o = nn.ModuleList([nn.Linear(12, torch.Size(s).numel()) for s in shapes])

    def forward(self, budget):
        h = self.f(budget)
        probs = [torch.sigmoid(o(h)).view(s) for o, s in zip(self.o, self.shapes)]
        return [(p > 0.5).float() for p in probs]  # HC113


torch.manual_seed(40)
shared = nn.ParameterList([nn.Parameter(torch.randn(8, 4) * 0.5), nn.Parameter(torch.randn(2, 8) * 0.5)])
hyper = MaskHyper([w.shape for w in shared])
opt = torch.optim.Adam([*shared, *hyper.parameters()], lr=5e-3)
for k in range(8):
    m1, m2 = hyper(torch.rand(1))
    x = torch.randn(25, 4)
    y = (x[:, 0] - x[:, 3] > 0).long()
    h = F.relu(F.linear(x, shared[0] * m1))
    loss = F.cross_entropy(F.linear(h, shared[1] * m2), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(k, loss.item())
