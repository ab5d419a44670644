"""A recurrent cell with parametrized (orthogonal and generated) weights, cached over the unrolled loop."""

import torch
import torch.nn as nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import orthogonal

torch.manual_seed(54)


class FromCode(nn.Module):
    """Adds a generated low-rank change to the weight."""

    def __init__(self, shape, code):
        super().__init__()
        self.code = code
        self.left, self.right = nn.Linear(4, shape[0]), nn.Linear(4, shape[1])

    def forward(self, weight):
        return weight + torch.outer(self.left(self.code), self.right(self.code))


code = nn.Parameter(torch.randn(4))
read = nn.Linear(3, 8)
recur = orthogonal(nn.Linear(8, 8, bias=False))
parametrize.register_parametrization(read, "weight", FromCode((8, 3), code))
out = nn.Linear(8, 1)
params = {p for m in (read, recur, out) for p in m.parameters()} | {code}
opt = torch.optim.Adam(sorted(params, key=lambda p: p.numel()), lr=3e-3)
for step in range(8):
    series = torch.randn(5, 16, 3)
    y = series.mean((0, 2)).unsqueeze(1)
    with parametrize.cached():
        h = torch.zeros(16, 8)
        for x in series:
            h = torch.tanh(read(x) + recur(h))
        loss = nn.functional.mse_loss(out(h), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
