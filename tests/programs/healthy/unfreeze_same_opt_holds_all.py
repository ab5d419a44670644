"""The optimizer holds everything from the start; the encoder is frozen for two epochs and thawed then (twin of late HC304)."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU())
        self.hyper = nn.Sequential(nn.Linear(3, 16), nn.SiLU(), nn.Linear(16, 24))
        nn.init.normal_(self.hyper[-1].weight, std=0.1)

    def forward(self, x, c):
        return torch.bmm(self.hyper(c).view(-1, 3, 8), self.encoder(x).unsqueeze(-1)).squeeze(-1)


def attack(model, x, c, y):
    """FGSM probe with frozen parameters, put back afterwards."""
    flags = [p.requires_grad for p in model.parameters()]
    model.requires_grad_(False)
    x = x.clone().requires_grad_(True)
    (g,) = torch.autograd.grad(F.cross_entropy(model(x, c), y), x)
    for p, f in zip(model.parameters(), flags):
        p.requires_grad_(f)
    return (x + 0.05 * g.sign()).detach()


def main():
    torch.manual_seed(0)
    x, c = torch.randn(96, 6), torch.randn(96, 3)
    y = (x[:, :3] * c).argmax(1)
    model = Model()
    opt = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for epoch in range(5):
        model.encoder.requires_grad_(epoch >= 2)
        for i in torch.randperm(96).split(16):
            xb = attack(model, x[i], c[i], y[i]) if epoch >= 3 else x[i]
            opt.zero_grad()
            loss = F.cross_entropy(model(xb, c[i]), y[i])
            loss.backward()
            opt.step()
        print(epoch, loss.item())


main()
