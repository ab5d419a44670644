"""PGD adversarial training of a hypernetwork-generated classifier."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperClassifier(nn.Module):
    def __init__(self, d=8, h=12, c=2):
        super().__init__()
        self.d, self.h, self.c = d, h, c
        self.e = nn.Parameter(torch.randn(1, 6))
        self.g = nn.Sequential(nn.Linear(6, 24), nn.Tanh(), nn.Linear(24, d * h + h + h * c + c))

    def forward(self, x):
        t = self.g(self.e)[0]
        w1, b1, w2, b2 = t.split((self.d * self.h, self.h, self.h * self.c, self.c))
        x = torch.tanh(F.linear(x, w1.view(self.h, self.d), b1))
        return F.linear(x, w2.view(self.c, self.h), b2)


def pgd(model, x, y, eps=0.2, alpha=0.1, steps=2):
    x_adv = x.detach() + torch.empty_like(x).uniform_(-eps, eps)
    for _ in range(steps):
        x_adv.requires_grad_()
        with torch.enable_grad():
            loss = F.cross_entropy(model(x_adv), y)
        g = torch.autograd.grad(loss, [x_adv])[0]
        x_adv = x_adv.detach() + alpha * torch.sign(g.detach())
        x_adv = torch.min(torch.max(x_adv, x - eps), x + eps)
    return x_adv.detach()


torch.manual_seed(0)
model = HyperClassifier()
opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
x = torch.randn(48, 8)
y = (x[:, 0] + x[:, 1] > 0).long()
for i in range(8):
    model.eval()
    x_adv = pgd(model, x, y)
    model.train()
    opt.zero_grad()
    loss = 0.5 * F.cross_entropy(model(x), y) + 0.5 * F.cross_entropy(model(x_adv), y)
    loss.backward()
    opt.step()
    print(f"[{i}] loss {loss.item():.4f}")
