"""Sharpness-aware minimisation of a hypernetwork; the gradients of the second pass are cleared before the step."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class SAM:
    def __init__(self, base, rho=0.05):
        self.base, self.rho, self.state = base, rho, {}

    @property
    def params(self):
        return [p for g in self.base.param_groups for p in g["params"]]

    @torch.no_grad()
    def first_step(self):
        norm = torch.stack([p.grad.norm() for p in self.params if p.grad is not None]).norm() + 1e-12
        for p in self.params:
            if p.grad is not None:
                e = p.grad * (self.rho / norm)
                p.add_(e)
                self.state[p] = e
        self.base.zero_grad()

    @torch.no_grad()
    def second_step(self):
        for p, e in self.state.items():
            p.sub_(e)
        self.state.clear()
        self.base.zero_grad(set_to_none=False)  # HC404
        self.base.step()


class HyperLinear(nn.Module):
    def __init__(self, cond=4, n_in=6, out=3):
        super().__init__()
        self.shape = (out, n_in)
        self.f = nn.Sequential(nn.Linear(cond, 16), nn.Tanh(), nn.Linear(16, out * n_in))
        nn.init.normal_(self.f[-1].weight, std=0.15)

    def forward(self, x, c):
        return torch.einsum("boi,bi->bo", self.f(c).view(-1, *self.shape), x)


def main():
    torch.manual_seed(0)
    net = HyperLinear()
    sam = SAM(torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-3))
    for step in range(14):
        x, c = torch.randn(24, 6), torch.randn(24, 4)
        y = (x[:, :3] * c[:, :3]).argmax(1)
        loss = F.cross_entropy(net(x, c), y)
        loss.backward()
        sam.first_step()
        F.cross_entropy(net(x, c), y).backward()
        sam.second_step()
    print(loss.item())


main()
