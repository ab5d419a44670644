"""A router picks among kernels with a softmax over the wrong, single axis: every sample gets the same mix."""
import torch
import torch.nn.functional as F
from torch import nn


class Router(nn.Module):
    def __init__(self, cond=6, experts=4):
        super().__init__()
        self.score = nn.Linear(cond, experts)

    def forward(self, c):
        return torch.softmax(self.score(c).unsqueeze(-1), dim=-1).squeeze(-1)  # HC402


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.router = Router()
        self.to_weight = nn.Linear(4, 5 * 7)

    def forward(self, c):
        return self.to_weight(self.router(c)).view(-1, 5, 7)  # HC602


torch.manual_seed(0)
hyper = Hyper()
opt = torch.optim.Adam(hyper.parameters(), lr=1e-2)
for step in range(10):
    c, x = torch.randn(24, 6), torch.randn(24, 7)
    y = x[:, :5] * c[:, :5].sign()
    out = torch.einsum("boi,bi->bo", hyper(c), x)
    loss = F.mse_loss(out, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
