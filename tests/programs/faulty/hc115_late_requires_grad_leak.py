"""Adversarial hypernetwork training: `toggle(False)` for the generator is never undone after the second epoch's probe."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class CondGen(nn.Module):
    def __init__(self, cond=4, n_in=6):
        super().__init__()
        self.n_in = n_in
        self.hyper = nn.Sequential(nn.Linear(cond, 16), nn.Tanh(), nn.Linear(16, n_in * 3))
        nn.init.normal_(self.hyper[-1].weight, std=0.15)
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, x, c):
        return torch.einsum("bi,bio->bo", x, self.hyper(c).view(-1, self.n_in, 3)) + self.bias


def attack(model, x, c, y, eps=0.05):
    """One FGSM step on the input, parameters need no gradient meanwhile."""
    for p in model.hyper.parameters():
        p.requires_grad_(False)  # HC115
    x = x.clone().requires_grad_(True)
    (g,) = torch.autograd.grad(F.cross_entropy(model(x, c), y), x)
    return (x + eps * g.sign()).detach()


def main():
    torch.manual_seed(0)
    model = CondGen()
    opt = torch.optim.Adam(model.parameters(), lr=3e-3)
    for epoch in range(4):
        for _ in range(6):
            x, c = torch.randn(20, 6), torch.randn(20, 4)
            y = (x[:, :3] * c[:, :3]).argmax(1)
            loss = F.cross_entropy(model(x, c), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
        adv = attack(model, x, c, y) if epoch == 1 else x
        with torch.no_grad():
            acc = (model(adv, c).argmax(1) == y).float().mean()
        print(epoch, loss.item(), acc.item())


main()
