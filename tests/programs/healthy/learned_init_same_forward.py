"""The same, the generation is done once: loaded (detached) and later regressed with the same tensors."""
import torch, torch.nn as nn, torch.nn.functional as F
from torch.nn.utils import parameters_to_vector, vector_to_parameters
class HyperInit(nn.Module):
    def __init__(self, n): super().__init__(); self.f = nn.Sequential(nn.Linear(3, 24), nn.ReLU(), nn.Linear(24, n))
    def forward(self, c): return self.f(c)
torch.manual_seed(0); net = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 1)); n = sum(p.numel() for p in net.parameters()); h = HyperInit(n); opt = torch.optim.SGD(h.parameters(), lr=.05); C = torch.eye(3); X = torch.randn(3, 30, 4)
for r in range(24):
    i = r % 3; w = h(C[i]); vector_to_parameters(w.detach().clone(), net.parameters()); o = torch.optim.SGD(net.parameters(), lr=.05)
    for _ in range(5): o.zero_grad(); l = F.mse_loss(net(X[i])[:, 0], X[i].sum(1) * (i - 1)); l.backward(); o.step()
    target = parameters_to_vector(net.parameters()).detach(); opt.zero_grad(); (.5 * (w - target).pow(2).sum()).backward(); opt.step()
    if r % 6 == 0: print(r, l.item())
