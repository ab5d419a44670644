"""Weight-norm projection after the step re-copies the initial values of the hypernet (bug in 'project')."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Projector:
    def __init__(self, params):
        self.params = list(params)
        self.anchor = [p.detach().clone() for p in self.params]

    @torch.no_grad()
    def project(self, radius=0.0):
        for p, a in zip(self.params, self.anchor):
            d = p - a
            n = d.norm()
            p.copy_(a + d * min(1.0, radius / (n.item() + 1e-12)))  # HC501


torch.manual_seed(0)
gen, out = nn.Linear(3, 4 * 6), nn.Linear(4, 2)
proj = Projector(gen.parameters())
opt = torch.optim.SGD([*gen.parameters(), *out.parameters()], lr=0.1)
for i in range(9):
    c, x = torch.randn(3), torch.randn(16, 6)
    loss = F.cross_entropy(out(F.relu(F.linear(x, gen(c).view(4, 6)))), (x[:, 0] > c[0]).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
    proj.project()
