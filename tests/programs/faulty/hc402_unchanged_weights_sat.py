"""tanh-saturated generator: the output bound is a clamp that is always active: weights never change."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Bounded(nn.Module):
    def __init__(self, n, bound=0.1):
        super().__init__()
        self.z, self.bound = nn.Parameter(torch.randn(4)), bound
        self.f = nn.Linear(4, n)
        nn.init.constant_(self.f.bias, 20.0)
        nn.init.normal_(self.f.weight, std=0.1)

    def forward(self):
        return self.f(self.z).clamp(-self.bound, self.bound)  # HC402 HC506


torch.manual_seed(0)
gen, out = Bounded(30), nn.Linear(5, 2)
opt = torch.optim.Adam([*gen.parameters(), *out.parameters()], lr=1e-3)
for i in range(10):
    x = torch.randn(16, 6)
    loss = F.cross_entropy(out(torch.tanh(F.linear(x, gen().view(5, 6)))), (x[:, 0] > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
