"""Frozen encoder is thawed for a moment to measure its gradient (layer importance), then frozen again (twin of late HC304)."""

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


def importance(model, x, c, y):
    model.encoder.requires_grad_(True)
    loss = F.cross_entropy(model(x, c), y)
    grads = torch.autograd.grad(loss, list(model.encoder.parameters()))
    model.encoder.requires_grad_(False)
    return [g.norm().item() for g in grads]


def main():
    torch.manual_seed(0)
    x, c = torch.randn(96, 6), torch.randn(96, 3)
    y = (x[:, :3] * c).argmax(1)
    model = Model()
    model.encoder.requires_grad_(False)
    opt = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=3e-3)
    for epoch in range(4):
        for i in torch.randperm(96).split(16):
            opt.zero_grad()
            loss = F.cross_entropy(model(x[i], c[i]), y[i])
            loss.backward()
            opt.step()
        print(epoch, loss.item(), importance(model, x[:16], c[:16], y[:16])[0])


main()
