"""QMIX: a mixing network generated from the state."""

import copy
import random

import torch
import torch.nn as nn
import torch.nn.functional as F


class Mixer(nn.Module):
    def __init__(self, n_agents=3, state=6, embed=8):
        super().__init__()
        self.n, self.e = n_agents, embed
        self.hyper_w1 = nn.Sequential(nn.Linear(state, 16), nn.ReLU(), nn.Linear(16, embed * n_agents))
        self.hyper_w2 = nn.Sequential(nn.Linear(state, 16), nn.ReLU(), nn.Linear(16, embed))
        self.hyper_b1 = nn.Linear(state, embed)
        self.v = nn.Sequential(nn.Linear(state, embed), nn.ReLU(), nn.Linear(embed, 1))

    def forward(self, qs, s):
        w1 = self.hyper_w1(s).abs().view(-1, self.n, self.e)
        h = F.elu(torch.bmm(qs.unsqueeze(1), w1) + self.hyper_b1(s).unsqueeze(1))
        w2 = self.hyper_w2(s).abs().view(-1, self.e, 1)
        return (torch.bmm(h, w2) + self.v(s).unsqueeze(1)).view(-1)


class Learner:
    def __init__(self):
        self.agent = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
        self.mixer = Mixer()
        self.target_agent = copy.deepcopy(self.agent)
        self.target_mixer = copy.deepcopy(self.mixer)
        params = list(self.agent.parameters()) + list(self.mixer.parameters())
        self.opt = torch.optim.RMSprop(params, lr=5e-4, alpha=0.99)

    def train(self, batch):
        obs, act, rew, nobs, s, ns = batch
        q = self.agent(obs).gather(-1, act.unsqueeze(-1)).squeeze(-1)
        total = self.mixer(q, s)
        with torch.no_grad():
            nq = self.target_agent(nobs).max(-1).values
            y = rew + 0.9 * self.target_mixer(nq, ns)
        loss = F.smooth_l1_loss(total, y)
        self.opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_([*self.agent.parameters(), *self.mixer.parameters()], 10)
        self.opt.step()
        return loss.item()

    def sync(self):
        self.target_agent.load_state_dict(self.agent.state_dict())
        self.target_mixer.load_state_dict(self.mixer.state_dict())


def fake_batch(n=16):
    obs, nobs = torch.randn(n, 3, 4), torch.randn(n, 3, 4)
    act = torch.randint(0, 3, (n, 3))
    rew = (act == 1).float().sum(-1) + obs.mean((1, 2))
    return obs, act, rew, nobs, torch.randn(n, 6), torch.randn(n, 6)


if __name__ == "__main__":
    random.seed(0)
    torch.manual_seed(0)
    learner = Learner()
    for t in range(20):
        loss = learner.train(fake_batch())
        if t % 5 == 4:
            learner.sync()
            print(t, loss)
