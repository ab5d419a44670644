"""PPO clip objective with an actor generated from a task descriptor."""

import torch
import torch.nn as nn
from torch.distributions import Normal


class HyperActor(nn.Module):
    def __init__(self, obs, act, desc, h=8):
        super().__init__()
        self.s = [obs * h, h, h * act, act]
        self.obs, self.act, self.h = obs, act, h
        self.g = nn.Sequential(nn.Linear(desc, 24), nn.Tanh(), nn.Linear(24, sum(self.s)))
        self.log_std = nn.Parameter(-0.5 * torch.ones(act))

    def dist(self, o, d):
        w1, b1, w2, b2 = self.g(d).split(self.s, -1)
        h = torch.tanh(torch.einsum("bi,bih->bh", o, w1.view(-1, self.obs, self.h)) + b1)
        mu = torch.einsum("bh,bha->ba", h, w2.view(-1, self.h, self.act)) + b2
        return Normal(mu, self.log_std.exp())


torch.manual_seed(0)
actor = HyperActor(4, 2, 3)
critic = nn.Sequential(nn.Linear(7, 24), nn.Tanh(), nn.Linear(24, 1))
pi_opt = torch.optim.Adam(actor.parameters(), 3e-3)
vf_opt = torch.optim.Adam(critic.parameters(), 3e-3)
for epoch in range(3):
    o, d = torch.randn(64, 4), torch.randn(64, 3)
    with torch.no_grad():
        old = actor.dist(o, d)
        a = old.sample()
        logp_old = old.log_prob(a).sum(-1)
        r = -(a - (o[:, :2] * d[:, :2])).pow(2).sum(-1)
        adv = r - critic(torch.cat([o, d], 1)).squeeze(-1)
        adv = (adv - adv.mean()) / adv.std()
    for i in range(3):
        pi = actor.dist(o, d)
        ratio = (pi.log_prob(a).sum(-1) - logp_old).exp()
        loss_pi = -torch.min(ratio * adv, ratio.clamp(0.8, 1.2) * adv).mean()
        pi_opt.zero_grad()
        loss_pi.backward()
        pi_opt.step()
        loss_v = (critic(torch.cat([o, d], 1)).squeeze(-1) - r).pow(2).mean()
        vf_opt.zero_grad()
        loss_v.backward()
        vf_opt.step()
    print(f"epoch {epoch} loss_pi {loss_pi.item():+.4f} loss_v {loss_v.item():.4f}")
