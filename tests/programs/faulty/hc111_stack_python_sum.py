"""Weight matrix assembled from per-entry calls by float(): a Python list of floats."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class CPPN(nn.Module):
    """HyperNEAT: weight(i, j) = f(coords of i and j, task code)."""

    def __init__(self, z=2):
        super().__init__()
        self.z = nn.Parameter(torch.randn(z))
        self.f = nn.Sequential(nn.Linear(4 + z, 12), nn.Tanh(), nn.Linear(12, 1))

    def query(self, p, q):
        return self.f(torch.cat([torch.tensor([*p, *q]), self.z])).item()  # HC111


def substrate(n, y):
    return [(-1 + 2 * k / max(n - 1, 1), y) for k in range(n)]


torch.manual_seed(0)
cppn, bias = CPPN(), nn.Parameter(torch.zeros(2))
opt = torch.optim.Adam([*cppn.parameters(), bias], lr=1e-2)
src, dst = substrate(3, -1.0), substrate(2, 1.0)
for i in range(7):
    W = torch.tensor([[cppn.query(p, q) for p in src] for q in dst])  # HC111
    x = torch.randn(16, 3)
    loss = F.cross_entropy(F.linear(x, W, bias), (x[:, 0] > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
