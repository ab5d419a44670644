"""SAC-style critic whose weights come from a hypernetwork of the state (HyperRL), with target net."""

import copy

import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperQ(nn.Module):
    def __init__(self, s, a, hid=16):
        super().__init__()
        self.a, self.hid = a, hid
        self.meta = nn.Sequential(nn.Linear(s, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU())
        self.w1, self.b1 = nn.Linear(32, a * hid), nn.Linear(32, hid)
        self.w2, self.b2 = nn.Linear(32, hid), nn.Linear(32, 1)

    def forward(self, s, a):
        z = self.meta(s)
        h = torch.bmm(self.w1(z).view(-1, self.hid, self.a), a.unsqueeze(-1)).squeeze(-1) + self.b1(z)
        return (F.relu(h) * self.w2(z)).sum(-1, keepdim=True) + self.b2(z)


class Actor(nn.Module):
    def __init__(self, s, a):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(s, 32), nn.ReLU(), nn.Linear(32, 2 * a))

    def forward(self, s):
        mu, log_std = self.net(s).chunk(2, -1)
        dist = torch.distributions.Normal(mu, log_std.clamp(-5, 2).exp())
        u = dist.rsample()
        return torch.tanh(u), (dist.log_prob(u) - torch.log(1 - torch.tanh(u) ** 2 + 1e-6)).sum(
            -1, keepdim=True
        )


torch.manual_seed(0)
q, actor = HyperQ(4, 2), Actor(4, 2)
q_target = copy.deepcopy(q)
log_alpha = torch.zeros(1, requires_grad=True)
q_opt, pi_opt, al_opt = (
    torch.optim.Adam(p, lr=3e-4) for p in (q.parameters(), actor.parameters(), [log_alpha])
)
for it in range(10):
    s, a, r, s2 = torch.randn(32, 4), torch.rand(32, 2) * 2 - 1, torch.randn(32, 1), torch.randn(32, 4)
    with torch.no_grad():
        a2, lp2 = actor(s2)
        target = r + 0.99 * (q_target(s2, a2) - log_alpha.exp() * lp2)
    q_loss = F.mse_loss(q(s, a), target)
    q_opt.zero_grad()
    q_loss.backward()
    q_opt.step()
    for p in q.parameters():
        p.requires_grad_(False)
    ap, lp = actor(s)
    pi_loss = (log_alpha.exp().detach() * lp - q(s, ap)).mean()
    pi_opt.zero_grad()
    pi_loss.backward()
    pi_opt.step()
    for p in q.parameters():
        p.requires_grad_(True)
    al_loss = -(log_alpha * (lp.detach() - 2)).mean()
    al_opt.zero_grad()
    al_loss.backward()
    al_opt.step()
    with torch.no_grad():
        for p, tp in zip(q.parameters(), q_target.parameters()):
            tp.data.mul_(0.995)
            tp.data.add_(0.005 * p.data)
