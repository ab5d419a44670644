"""Hyper-policy (REINFORCE): the goal generates a linear policy, sampled greedily from plain numbers."""
import random

import torch
import torch.nn as nn
import torch.nn.functional as F


class GoalHyper(nn.Module):
    def __init__(self, goal=2, obs=4, act=3):
        super().__init__()
        self.obs, self.act = obs, act
        self.body = nn.Sequential(nn.Linear(goal, 24), nn.Tanh())
        self.w = nn.Linear(24, obs * act)
        self.v = nn.Linear(24, 1)

    def forward(self, g):
        h = self.body(g)
        rows = self.w(h).tolist()  # HC111
        weight = torch.tensor(rows).reshape(self.act, self.obs)  # HC111 HC112
        return weight, self.v(h)


class Env:
    def reset(self):
        self.s, self.t = torch.randn(4), 0
        return self.s

    def step(self, a):
        self.t += 1
        r = 1.0 if a == int(self.s[:3].argmax()) else -0.2
        self.s = torch.randn(4)
        return self.s, r, self.t >= 6


def returns(rs, gamma=0.95):
    out, g = [], 0.0
    for r in reversed(rs):
        g = r + gamma * g
        out.insert(0, g)
    return torch.tensor(out)


random.seed(0)
torch.manual_seed(0)
hyper, env = GoalHyper(), Env()
opt = torch.optim.Adam(hyper.parameters(), lr=3e-3)
for episode in range(12):
    goal = torch.randn(2)
    s, done, logps, rs = env.reset(), False, [], []
    weight, value = hyper(goal)
    while not done:
        dist = torch.distributions.Categorical(logits=F.linear(s, weight))
        a = dist.sample()
        logps.append(dist.log_prob(a))
        s, r, done = env.step(a.item())
        rs.append(r)
    R = returns(rs)
    adv = R - value.detach()
    loss = -(torch.stack(logps) * adv).mean() + (value - R.mean()).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(episode, sum(rs))
