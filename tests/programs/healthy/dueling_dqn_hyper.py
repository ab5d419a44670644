"""DQN whose head is generated from the goal; the action's value is gathered; small batch, few actions taken."""

import random

import torch
import torch.nn as nn
import torch.nn.functional as F


class GoalQ(nn.Module):
    def __init__(self, goals=3, obs=4, acts=6, hid=8):
        super().__init__()
        self.acts, self.hid = acts, hid
        self.goal = nn.Embedding(goals, 5)
        self.enc = nn.Sequential(nn.Linear(obs, hid), nn.ReLU())
        self.adv = nn.Linear(5, acts * hid)
        self.val = nn.Linear(5, hid)
        for m in (self.adv, self.val):
            nn.init.normal_(m.weight, std=0.2)

    def forward(self, o, g):
        h, e = self.enc(o), self.goal(g)
        a = torch.bmm(self.adv(e).view(-1, self.acts, self.hid), h.unsqueeze(-1)).squeeze(-1)
        v = (self.val(e) * h).sum(-1, keepdim=True)
        return v + a - a.mean(-1, keepdim=True)


class PlainQ(nn.Module):
    """The behaviour policy: no generated weights."""

    def __init__(self, obs=4, acts=6):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(obs, 16), nn.ReLU(), nn.Linear(16, acts))

    def forward(self, o):
        return self.f(o)


def main():
    random.seed(0)
    torch.manual_seed(0)
    q, plain = GoalQ(), PlainQ()
    opt = torch.optim.Adam([*q.parameters(), *plain.parameters()], lr=2e-3)
    for step in range(8):
        o, g = torch.randn(6, 4), torch.randint(0, 3, (6,))
        a = plain(o).argmax(-1, keepdim=True).detach()
        r = (a.squeeze(1) % 3 == g).float() + o[:, 0]
        loss = F.smooth_l1_loss(q(o, g).gather(1, a).squeeze(1), r) + F.mse_loss(
            plain(o).gather(1, a).squeeze(1), r
        )
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(loss.item())


main()
