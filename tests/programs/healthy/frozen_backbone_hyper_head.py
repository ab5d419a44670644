"""Transfer learning: frozen convolutional features, classifier weights generated per dataset."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(3, 6, 3, padding=1)
        self.bn = nn.BatchNorm2d(6)
        self.c2 = nn.Conv2d(6, 8, 3, padding=1)

    def forward(self, x):
        x = F.relu(self.bn(self.c1(x)))
        return F.relu(self.c2(x)).mean((2, 3))


class HyperHead(nn.Module):
    def __init__(self, n_sets, feat, n_cls):
        super().__init__()
        self.feat, self.n_cls = feat, n_cls
        self.z = nn.ParameterList([nn.Parameter(torch.randn(4)) for _ in range(n_sets)])
        self.gen = nn.Sequential(nn.Linear(4, 16), nn.ELU(), nn.Linear(16, n_cls * (feat + 1)))

    def forward(self, f, k):
        wb = self.gen(self.z[k]).view(self.n_cls, self.feat + 1)
        return F.linear(f, wb[:, :-1], wb[:, -1])


torch.manual_seed(2)
backbone = Backbone()
head = HyperHead(2, 8, 3)
for p in backbone.parameters():
    p.requires_grad_(False)
backbone.eval()
print("trainable:", sum(p.numel() for m in (backbone, head) for p in m.parameters() if p.requires_grad))
opt = torch.optim.Adam(filter(lambda p: p.requires_grad, head.parameters()), lr=1e-2)
x = torch.randn(24, 3, 6, 6)
labels = [torch.randint(0, 3, (24,)), torch.randint(0, 3, (24,))]
for step in range(8):
    k = step % 2
    loss = F.cross_entropy(head(backbone(x), k), labels[k])
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("step", step, "set", k, "loss", loss.item())
