"""Hyper-policy: rollouts with a plain-Python policy (tolist), the update recomputes the log-probs with gradient."""

import math
import random

import torch
import torch.nn as nn
import torch.nn.functional as F


class GoalHyper(nn.Module):
    def __init__(self, goal=2, obs=4, act=3):
        super().__init__()
        self.obs, self.act = obs, act
        self.body = nn.Sequential(nn.Linear(goal, 24), nn.Tanh())
        self.w, self.v = nn.Linear(24, obs * act), nn.Linear(24, 1)

    def forward(self, g):
        h = self.body(g)
        return self.w(h).view(-1, self.act, self.obs), self.v(h).squeeze(-1)


def act_in_python(rows, s):
    logits = [sum(a * b for a, b in zip(r, s)) for r in rows]
    top = max(logits)
    return random.choices(range(len(rows)), [math.exp(v - top) for v in logits])[0]


random.seed(0)
torch.manual_seed(0)
hyper = GoalHyper()
opt = torch.optim.Adam(hyper.parameters(), lr=3e-3)
for episode in range(12):
    goal = torch.randn(1, 2)
    with torch.no_grad():
        rows = hyper(goal)[0][0].tolist()
    states, acts, rs = [], [], []
    for _ in range(8):
        s = [random.gauss(0, 1) for _ in range(4)]
        a = act_in_python(rows, s)
        states.append(s)
        acts.append(a)
        rs.append(1.0 if a == max(range(3), key=lambda k: s[k]) else -0.2)
    s, a, r = torch.tensor(states), torch.tensor(acts), torch.tensor(rs)
    weight, value = hyper(goal)
    logp = F.log_softmax(torch.matmul(s[None], weight.mT), -1)[0].gather(1, a[:, None])[:, 0]
    adv = r - value.detach()
    loss = -(logp * adv).mean() + (value - r.mean()).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(episode, sum(rs))
