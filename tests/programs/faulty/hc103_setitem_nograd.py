"""A LoRA hypernetwork that merges its delta into the frozen base."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Merge:
    def __init__(self, layer, delta):
        self.layer, self.delta = layer, delta

    @torch.no_grad()
    def __enter__(self):
        self.saved = self.layer.weight.clone()
        self.layer.weight += self.delta  # HC103
        return self.layer

    @torch.no_grad()
    def __exit__(self, *exc):
        self.layer.weight[...] = self.saved


class LoRAGen(nn.Module):
    def __init__(self, i, o, r=2, c=4):
        super().__init__()
        self.f = nn.Linear(c, r * (i + o))
        self.i, self.o, self.r = i, o, r

    def forward(self, c):
        a, b = self.f(c).split([self.r * self.i, self.r * self.o])
        return b.view(self.o, self.r) @ a.view(self.r, self.i)


torch.manual_seed(0)
base = nn.Linear(6, 5).requires_grad_(False)
gen, head = LoRAGen(6, 5), nn.Linear(5, 2)
opt = torch.optim.AdamW([*gen.parameters(), *head.parameters()], lr=1e-2)
for step in range(9):
    c, x = torch.randn(4), torch.randn(12, 6)
    with Merge(base, gen(c)) as layer:
        loss = F.cross_entropy(head(F.relu(layer(x))), (x[:, 0] > c[0]).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
