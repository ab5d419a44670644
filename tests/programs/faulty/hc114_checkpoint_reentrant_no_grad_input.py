"""Reentrant checkpointing of the weight maker: the condition needs no grad, so nothing inside gets one."""
import warnings

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint

warnings.filterwarnings("ignore")


class WeightMaker(nn.Module):
    def __init__(self, cond, n):
        super().__init__()
        self.blocks = nn.Sequential(nn.Linear(cond, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU())
        self.out = nn.Linear(32, n)

    def forward(self, c):
        h = checkpoint(self.blocks, c, use_reentrant=True)  # HC114 HC401 HC105 HC199 HC104
        return self.out(h)


class ControlledRegressor(nn.Module):
    def __init__(self, cond=2, d=5):
        super().__init__()
        self.d = d
        self.maker = WeightMaker(cond, d * d + d)
        self.readout = nn.Linear(d, 1)

    def forward(self, x, c):
        theta = self.maker(c)
        w, b = theta[:, : self.d ** 2].view(-1, self.d, self.d), theta[:, self.d ** 2:]
        h = torch.tanh(torch.baddbmm(b.unsqueeze(1), x, w.mT))
        return self.readout(h).squeeze(-1)


torch.manual_seed(0)
model = ControlledRegressor()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(12):
    c = torch.rand(10, 2)
    x = torch.randn(10, 7, 5)
    y = (x * c[:, None, :1]).sum(-1) + c[:, None, 1]
    loss = F.mse_loss(model(x, c), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, f"{loss.item():.4f}")
