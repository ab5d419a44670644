"""EMA copy of the hypernet for evaluation is used in the training branch by an inverted flag."""
import copy

import torch
import torch.nn as nn
import torch.nn.functional as F


class Gen(nn.Module):
    def __init__(self, c=3, d=6):
        super().__init__()
        self.d = d
        self.net = nn.Sequential(nn.Linear(c, 20), nn.SiLU(), nn.Linear(20, 2 * d))

    def forward(self, c):
        return self.net(c).view(-1, 2, self.d)


class Wrapped(nn.Module):
    def __init__(self, gen, decay=0.9):
        super().__init__()
        self.gen, self.decay = gen, decay
        self.ema = copy.deepcopy(gen).requires_grad_(False)  # HC109
        self.temp = nn.Parameter(torch.ones(()))

    def forward(self, x, c):
        net = self.ema if self.training else self.gen
        w = net(c)  # HC401 HC115 HC202
        return self.temp * torch.einsum("boi,bi->bo", w, x)

    @torch.no_grad()
    def update(self):
        for e, p in zip(self.ema.parameters(), self.gen.parameters()):
            e.lerp_(p, 1 - self.decay)


torch.manual_seed(0)
model = Wrapped(Gen())
opt = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=2e-3)
for epoch in range(3):
    model.train()
    for _ in range(6):
        x, c = torch.randn(32, 6), torch.randn(32, 3)
        y = ((x[:, :3] * c).sum(1) > 0).long()
        loss = F.cross_entropy(model(x, c), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        model.update()
    model.eval()
    with torch.no_grad():
        print(epoch, f"{loss.item():.4f}", (model(x, c).argmax(1) == y).float().mean().item())
