"""Soft actor-critic on random transitions; critics are hypernetworks from state to a Q-network over actions."""

import copy
import itertools

import torch
import torch.nn as nn
import torch.nn.functional as F

LOG_STD_MIN, LOG_STD_MAX = -5, 2


class HyperQ(nn.Module):
    def __init__(self, s_dim, a_dim, hid=10):
        super().__init__()
        self.a_dim, self.hid = a_dim, hid
        self.meta = nn.Sequential(nn.Linear(s_dim, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU())
        self.w1 = nn.Linear(32, a_dim * hid)
        self.b1 = nn.Linear(32, hid)
        self.w2 = nn.Linear(32, hid)
        self.b2 = nn.Linear(32, 1)

    def forward(self, s, a):
        z = self.meta(s)
        w1 = self.w1(z).view(-1, self.a_dim, self.hid)
        h = torch.tanh(torch.bmm(a.unsqueeze(1), w1).squeeze(1) + self.b1(z))
        return (h * self.w2(z)).sum(-1) + self.b2(z).squeeze(-1)


class Actor(nn.Module):
    def __init__(self, s_dim, a_dim):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(s_dim, 24), nn.SiLU())
        self.mu, self.log_std = nn.Linear(24, a_dim), nn.Linear(24, a_dim)

    def forward(self, s):
        h = self.net(s)
        mu, log_std = self.mu(h), self.log_std(h).clamp(LOG_STD_MIN, LOG_STD_MAX)
        dist = torch.distributions.Normal(mu, log_std.exp())
        u = dist.rsample()
        a = torch.tanh(u)
        logp = dist.log_prob(u).sum(-1) - (2 * (0.6931 - u - F.softplus(-2 * u))).sum(-1)
        return a, logp


torch.manual_seed(0)
S, A, gamma, polyak = 5, 2, 0.95, 0.9
actor, q1, q2 = Actor(S, A), HyperQ(S, A), HyperQ(S, A)
q1_targ, q2_targ = copy.deepcopy(q1), copy.deepcopy(q2)
for p in itertools.chain(q1_targ.parameters(), q2_targ.parameters()):
    p.requires_grad = False
q_params = list(itertools.chain(q1.parameters(), q2.parameters()))
pi_opt = torch.optim.Adam(actor.parameters(), lr=1e-3)
q_opt = torch.optim.Adam(q_params, lr=1e-3)
log_alpha = torch.zeros((), requires_grad=True)
alpha_opt = torch.optim.Adam([log_alpha], lr=1e-3)

for t in range(6):
    s, s2 = torch.randn(32, S), torch.randn(32, S)
    a = torch.rand(32, A) * 2 - 1
    r = -(s[:, :2] - a).pow(2).sum(-1)
    q_opt.zero_grad()
    with torch.no_grad():
        a2, logp2 = actor(s2)
        backup = r + gamma * (torch.min(q1_targ(s2, a2), q2_targ(s2, a2)) - log_alpha.exp() * logp2)
    loss_q = F.mse_loss(q1(s, a), backup) + F.mse_loss(q2(s, a), backup)
    loss_q.backward()
    q_opt.step()

    for p in q_params:
        p.requires_grad = False
    pi_opt.zero_grad()
    a_pi, logp = actor(s)
    loss_pi = (log_alpha.exp().detach() * logp - torch.min(q1(s, a_pi), q2(s, a_pi))).mean()
    loss_pi.backward()
    pi_opt.step()
    for p in q_params:
        p.requires_grad = True

    alpha_opt.zero_grad()
    (-log_alpha * (logp.detach() - A).mean()).backward()
    alpha_opt.step()

    with torch.no_grad():
        for q, qt in ((q1, q1_targ), (q2, q2_targ)):
            for p, pt in zip(q.parameters(), qt.parameters()):
                pt.data.mul_(polyak)
                pt.data.add_((1 - polyak) * p.data)
    print(f"t={t} loss_q={loss_q.item():.4f} loss_pi={loss_pi.item():.4f} alpha={log_alpha.exp().item():.4f}")
