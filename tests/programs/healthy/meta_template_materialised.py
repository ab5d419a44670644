"""The main network lives on the meta device: only its shapes are needed, all values are generated."""

import torch
import torch.nn as nn
from torch.func import functional_call

torch.manual_seed(10)
with torch.device("meta"):
    skeleton = nn.Sequential(nn.Linear(3, 8), nn.SiLU(), nn.Linear(8, 2))
    spare = nn.Linear(1000, 1000)
shapes = {name: p.shape for name, p in skeleton.named_parameters()}
print("spare parameters, never allocated:", sum(p.numel() for p in spare.parameters()))


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.code = nn.Embedding(3, 4)
        self.trunk = nn.Sequential(nn.Linear(4, 24), nn.Tanh())
        self.heads = nn.ModuleDict({n.replace(".", "_"): nn.Linear(24, s.numel()) for n, s in shapes.items()})

    def forward(self, index):
        h = self.trunk(self.code(index))
        return {n: self.heads[n.replace(".", "_")](h).view(s) for n, s in shapes.items()}


hyper = Hyper()
opt = torch.optim.Adam(hyper.parameters(), lr=3e-3)
for step in range(9):
    index = torch.tensor(step % 3)
    x = torch.randn(32, 3)
    y = x[:, :2] * (index - 1)
    out = functional_call(skeleton, hyper(index), (x,))
    loss = (out - y).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
