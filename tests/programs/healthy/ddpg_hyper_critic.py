"""DDPG with a hypernetwork critic and hard-coded replay of random transitions."""

import random
from collections import deque

import numpy as np
import torch
import torch.nn as nn


class Critic(nn.Module):
    """primary net maps state -> weights of a one hidden layer net over the action"""

    def __init__(self, sdim, adim, dyn=8):
        super().__init__()
        self.sdim, self.adim, self.dyn = sdim, adim, dyn
        self.primary = nn.Sequential(nn.Linear(sdim, 24), nn.ELU())
        self.head = nn.Linear(24, adim * dyn + dyn + dyn + 1)

    def forward(self, s, a):
        th = self.head(self.primary(s))
        k = self.adim * self.dyn
        w1 = th[:, :k].view(-1, self.dyn, self.adim)
        b1, w2, b2 = th[:, k : k + self.dyn], th[:, k + self.dyn : k + 2 * self.dyn], th[:, -1:]
        h = nn.functional.elu((w1 @ a[..., None])[..., 0] + b1)
        return (h * w2).sum(1, keepdim=True) + b2


def make_actor(s, a):
    return nn.Sequential(nn.Linear(s, 24), nn.ELU(), nn.Linear(24, a), nn.Tanh())


def soft_update(src, dst, tau):
    for s, d in zip(src.parameters(), dst.parameters()):
        d.data.copy_(d.data * (1.0 - tau) + s.data * tau)


random.seed(0)
np.random.seed(0)
torch.manual_seed(0)
sdim, adim = 4, 2
actor, actor_target = make_actor(sdim, adim), make_actor(sdim, adim)
critic, critic_target = Critic(sdim, adim), Critic(sdim, adim)
actor_target.load_state_dict(actor.state_dict())
critic_target.load_state_dict(critic.state_dict())
actor_optimizer = torch.optim.Adam(actor.parameters(), lr=1e-3)
critic_optimizer = torch.optim.Adam(critic.parameters(), lr=1e-3, weight_decay=1e-2)
memory = deque(maxlen=500)
s = np.random.randn(sdim).astype(np.float32)
for step in range(60):
    with torch.no_grad():
        a = actor(torch.from_numpy(s)).numpy() + 0.1 * np.random.randn(adim).astype(np.float32)
    s2 = np.random.randn(sdim).astype(np.float32)
    memory.append((s, a, -float(np.square(a - s[:adim]).sum()), s2))
    s = s2
    if step < 52:
        continue
    batch = random.sample(memory, 24)
    S, A_, R, S2 = (torch.tensor(np.array(v), dtype=torch.float32) for v in zip(*batch))
    target_Q = R.unsqueeze(1) + 0.9 * critic_target(S2, actor_target(S2)).detach()
    critic_loss = nn.functional.mse_loss(critic(S, A_), target_Q)
    critic_optimizer.zero_grad()
    critic_loss.backward()
    critic_optimizer.step()
    actor_loss = -critic(S, actor(S)).mean()
    actor_optimizer.zero_grad()
    actor_loss.backward()
    actor_optimizer.step()
    soft_update(critic, critic_target, 0.05)
    soft_update(actor, actor_target, 0.05)
    print("step", step, "critic loss", critic_loss.item(), "actor loss", actor_loss.item())
