"""Text-to-image LoRA toy: after resuming, a 'fast path' writes the deltas into the frozen layers with .data."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class LoraLinear(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(d, d) * d**-0.5, requires_grad=False)
        self.original = self.weight.detach().clone()
        self.delta = None

    def merge(self, delta):
        self.delta = None
        self.weight.data.copy_(self.original + delta)  # HC102

    def forward(self, x):
        y = F.linear(x, self.weight)
        return y if self.delta is None else y + F.linear(x, self.delta)


class UNetToy(nn.Module):
    def __init__(self, d=8):
        super().__init__()
        self.a, self.b = LoraLinear(d), LoraLinear(d)
        self.gain = nn.Parameter(torch.ones(d))

    def forward(self, x):
        return self.b(F.silu(self.a(x))) * self.gain


class Hyper(nn.Module):
    def __init__(self, d=8, r=2, cond=5):
        super().__init__()
        self.d, self.r = d, r
        self.f = nn.Sequential(nn.Linear(cond, 16), nn.GELU(), nn.Linear(16, 2 * 2 * r * d))
        nn.init.normal_(self.f[-1].weight, std=0.1)

    def forward(self, c):
        p = self.f(c).view(2, 2, self.r, self.d)
        return [lo.T @ hi for lo, hi in p]


def train_epoch(net, hyper, opt, subjects, fast):
    for c in subjects:
        deltas = hyper(c)
        for layer, delta in zip((net.a, net.b), deltas):
            if fast:
                layer.merge(delta)
            else:
                layer.delta = delta
        x = torch.randn(16, 8)
        loss = F.mse_loss(net(x), torch.tanh(x * c[0]) + c[1])
        opt.zero_grad()
        loss.backward()
        opt.step()
    return loss.item()


def main():
    torch.manual_seed(0)
    net, hyper = UNetToy(), Hyper()
    opt = torch.optim.AdamW([*hyper.parameters(), net.gain], lr=3e-3)
    subjects = torch.randn(5, 5)
    for epoch in range(2):
        print(epoch, train_epoch(net, hyper, opt, subjects, fast=False))
    state = {"hyper": hyper.state_dict(), "opt": opt.state_dict()}
    hyper.load_state_dict(state["hyper"])
    opt.load_state_dict(state["opt"])
    for epoch in range(2, 5):
        print(epoch, train_epoch(net, hyper, opt, subjects, fast=True))


main()
