"""REINFORCE with a learned baseline on a contextual bandit; the policy weights are generated from the context family."""

import numpy as np
import torch
import torch.nn as nn
from torch.distributions import Categorical

SEED = 7
np.random.seed(SEED)
torch.manual_seed(SEED)


class Env:
    def __init__(self, family):
        self.family = family
        self.state = np.random.randn(5).astype(np.float32)
        self.t = 0

    def step(self, a):
        good = int(self.state[self.family] > 0) + self.family % 2
        r = 1.0 if a == good else -0.2
        self.state = (0.5 * self.state + np.random.randn(5)).astype(np.float32)
        self.t += 1
        return self.state, r, self.t >= 6


class HyperPolicy(nn.Module):
    def __init__(self, families, obs=5, acts=3):
        super().__init__()
        self.obs, self.acts = obs, acts
        self.embed = nn.Embedding(families, 6)
        self.hyper = nn.Sequential(nn.Linear(6, 20), nn.Tanh(), nn.Linear(20, obs * acts + acts))

    def weights(self, fam):
        out = self.hyper(self.embed(torch.as_tensor(fam)))
        return out[: self.obs * self.acts].view(self.obs, self.acts), out[self.obs * self.acts :]


policy = HyperPolicy(3)
value = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 1))
pi_opt = torch.optim.Adam(policy.parameters(), lr=1e-2)
v_opt = torch.optim.Adam(value.parameters(), lr=1e-2)

for episode_batch in range(8):
    logps, returns, values, ents = [], [], [], []
    for fam in range(3):
        W, b = policy.weights(fam)
        for _ in range(3):
            env = Env(fam)
            s, done, rewards = env.state, False, []
            while not done:
                st = torch.from_numpy(s)
                dist = Categorical(logits=st @ W + b)
                a = dist.sample()
                logps.append(dist.log_prob(a))
                ents.append(dist.entropy())
                values.append(value(st).squeeze())
                s, r, done = env.step(a.item())
                rewards.append(r)
            R, rets = 0.0, []
            for r in rewards[::-1]:
                R = r + 0.9 * R
                rets.insert(0, R)
            returns += rets
    returns = torch.tensor(returns)
    values = torch.stack(values)
    adv = returns - values.detach()
    adv = (adv - adv.mean()) / (adv.std() + 1e-6)
    pi_loss = -(torch.stack(logps) * adv).mean() - 0.01 * torch.stack(ents).mean()
    v_loss = ((values - returns) ** 2).mean()
    pi_opt.zero_grad()
    pi_loss.backward()
    pi_opt.step()
    v_opt.zero_grad()
    v_loss.backward()
    v_opt.step()
    print(f"batch {episode_batch} pi_loss {pi_loss.item():+.4f} v_loss {v_loss.item():.4f}")
