"""Two hypernetworks (actor and critic); separate optimizers as in DDPG."""
import torch
from torch import nn


def hyper(cond, out):
    return nn.Sequential(nn.Linear(cond, 12), nn.ReLU(), nn.Linear(12, out))


class Agent:
    def __init__(self, s=3, a=2):
        self.s, self.a = s, a
        self.actor = hyper(2, a * s)
        self.critic = hyper(2, s + a)
        self.opt_actor = torch.optim.Adam(self.actor.parameters(), lr=1e-3)
        self.opt_critic = torch.optim.Adam(self.actor.parameters(), lr=1e-3)  # HC304

    def policy(self, obs, goal):
        return torch.tanh(torch.einsum("bi,bai->ba", obs, self.actor(goal).view(-1, self.a, self.s)))

    def q(self, obs, act, goal):
        return (torch.cat([obs, act], 1) * self.critic(goal)).sum(1)

    def update(self, obs, goal):
        with torch.no_grad():
            act = self.policy(obs, goal) + 0.3 * torch.randn(len(obs), self.a)
            r = -(act - goal).pow(2).sum(1)
        critic_loss = (self.q(obs, act, goal) - r).pow(2).mean()
        self.critic.zero_grad()
        critic_loss.backward()
        self.opt_critic.step()

        for p in self.critic.parameters():
            p.requires_grad_(False)
        actor_loss = -self.q(obs, self.policy(obs, goal), goal).mean()
        self.actor.zero_grad()
        actor_loss.backward()
        self.opt_actor.step()
        for p in self.critic.parameters():
            p.requires_grad_(True)
        return critic_loss.item(), actor_loss.item()


torch.manual_seed(4)
agent = Agent()
for step in range(8):
    print(step, agent.update(torch.randn(32, 3), torch.rand(32, 2)))
