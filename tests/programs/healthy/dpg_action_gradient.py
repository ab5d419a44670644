"""Deterministic policy gradient with a hyper-actor: the critic's action gradient is the target of the policy."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperActor(nn.Module):
    def __init__(self):
        super().__init__()
        self.gen = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2 * 4))

    def forward(self, s, g):
        return torch.tanh(torch.bmm(self.gen(g).view(-1, 2, 4), s.unsqueeze(-1)).squeeze(-1))


torch.manual_seed(0)
actor, critic = HyperActor(), nn.Sequential(nn.Linear(8, 24), nn.Tanh(), nn.Linear(24, 1))
opt = torch.optim.Adam([*actor.parameters(), *critic.parameters()], lr=3e-3)
for step in range(16):
    s, g = torch.randn(32, 4), torch.randn(32, 2)
    a = actor(s, g)
    tried = torch.rand(32, 2) * 2 - 1
    reward = -(tried - torch.tanh(g)).pow(2).sum(-1)
    q_loss = F.mse_loss(critic(torch.cat([s, g, tried], -1)).squeeze(-1), reward)
    point = a.detach().requires_grad_(True)
    (dqda,) = torch.autograd.grad(critic(torch.cat([s, g, point], -1)).sum(), point)
    pi_loss = 0.5 * (a - (a + dqda).detach()).pow(2).sum(-1).mean()
    opt.zero_grad()
    (q_loss + pi_loss).backward()
    opt.step()
