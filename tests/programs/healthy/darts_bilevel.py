"""First-order DARTS: weights on the train split and architecture logits on the validation split, alternately."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class MixedOp(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.ops = nn.ModuleList(
            [
                nn.Sequential(nn.Linear(d, d), nn.Tanh()),
                nn.Sequential(nn.Linear(d, d), nn.SiLU()),
                nn.Identity(),
            ]
        )

    def forward(self, x, w):
        return sum(wi * op(x) for wi, op in zip(w, self.ops))


class Network(nn.Module):
    def __init__(self, d=8, layers=2):
        super().__init__()
        self.stem, self.head = nn.Linear(6, d), nn.Linear(d, 3)
        self.cells = nn.ModuleList(MixedOp(d) for _ in range(layers))
        self._alphas = 1e-3 * torch.randn(layers, 3)
        self._alphas.requires_grad_()

    def arch_parameters(self):
        return [self._alphas]

    def forward(self, x):
        x = self.stem(x)
        for c, a in zip(self.cells, self._alphas.softmax(-1)):
            x = c(x, a)
        return self.head(x)


class Architect:
    def __init__(self, model):
        self.model = model
        self.optimizer = torch.optim.Adam(
            model.arch_parameters(), lr=3e-2, betas=(0.5, 0.999), weight_decay=1e-3
        )

    def step(self, x, y):
        self.optimizer.zero_grad()
        F.cross_entropy(self.model(x), y).backward()
        self.optimizer.step()


torch.manual_seed(0)
model = Network()
architect = Architect(model)
optimizer = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9, weight_decay=3e-4)
xt, xv = torch.randn(32, 6), torch.randn(32, 6)
for step in range(6):
    architect.step(xv, xv[:, :3].argmax(1))
    optimizer.zero_grad()
    loss = F.cross_entropy(model(xt), xt[:, :3].argmax(1))
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5)
    optimizer.step()
    print(step, loss.item(), model._alphas.detach().softmax(-1)[0].tolist())
