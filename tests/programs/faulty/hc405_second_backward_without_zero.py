"""Generator/critic with hypernet critic: the actor's backward also fills the critic, whose gradients are never cleared."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperCritic(nn.Module):
    def __init__(self, s=4, a=2, hid=6):
        super().__init__()
        self.hid, self.a = hid, a
        self.f = nn.Sequential(nn.Linear(s, 16), nn.ReLU(), nn.Linear(16, hid * a + hid))
        nn.init.normal_(self.f[-1].weight, std=0.15)

    def forward(self, s, a):
        w, v = self.f(s).split([self.hid * self.a, self.hid], -1)
        h = torch.tanh(torch.bmm(w.view(-1, self.hid, self.a), a.unsqueeze(-1))).squeeze(-1)
        return (h * v).sum(-1)


class Agent:
    def __init__(self):
        self.actor = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 2), nn.Tanh())
        self.critic = HyperCritic()
        self.opt_a = torch.optim.Adam(self.actor.parameters(), lr=1e-3)
        self.opt_c = torch.optim.Adam(self.critic.parameters(), lr=2e-3)

    def learn(self, s, a, r):
        critic_loss = F.mse_loss(self.critic(s, a), r)
        critic_loss.backward()  # HC405
        self.opt_c.step()  # HC405
        self.opt_a.zero_grad()
        actor_loss = -self.critic(s, self.actor(s)).mean()
        actor_loss.backward()
        self.opt_a.step()
        return critic_loss.item(), actor_loss.item()


def main():
    torch.manual_seed(0)
    agent = Agent()
    for it in range(16):
        s = torch.randn(24, 4)
        a = torch.rand(24, 2) * 2 - 1
        r = -(a - s[:, :2].tanh()).pow(2).sum(-1)
        out = agent.learn(s, a, r)
    print(out)


main()
