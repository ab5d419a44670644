"""DDPG-like critic with a hypernetwork, Polyak target, replay of random transitions."""
import copy

import torch
from torch import nn
import torch.nn.functional as F


class HyperQ(nn.Module):
    def __init__(self, s=3, a=2, h=8):
        super().__init__()
        self.embed = nn.Sequential(nn.Linear(s, 12), nn.ReLU())
        self.to_w = nn.Linear(12, h * a)
        self.q1 = nn.Linear(a, h)
        self.q2 = nn.Linear(h, 1)
        self.h, self.a = h, a

    def forward(self, s, a):
        ctx = self.embed(s).mean(0)
        self.q1.weight.data = self.to_w(ctx).view(self.h, self.a)  # HC102
        return self.q2(torch.relu(self.q1(a)))


torch.manual_seed(111)
critic = HyperQ()
target = copy.deepcopy(critic)
for p in target.parameters():
    p.requires_grad_(False)
opt = torch.optim.Adam(critic.parameters(), lr=1e-3)
for step in range(8):
    s, a, s2, a2 = torch.randn(32, 3), torch.rand(32, 2), torch.randn(32, 3), torch.rand(32, 2)
    r = (s[:, :2] * a).sum(1, keepdim=True)
    with torch.no_grad():
        y = r + 0.9 * target(s2, a2)
    loss = F.smooth_l1_loss(critic(s, a), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        for p, t in zip(critic.parameters(), target.parameters()):
            t.lerp_(p, 0.05)
    print(step, loss.item())
