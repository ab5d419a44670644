"""Hyper actor-critic: actor optimizer forgets the context encoder that feeds the weight generator."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class ContextEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 6))  # HC304

    def forward(self, traj):
        return self.net(traj).mean(1)


class HyperActor(nn.Module):
    def __init__(self):
        super().__init__()
        self.gen = nn.Linear(6, 4 * 2 + 2)

    def forward(self, obs, z):
        p = self.gen(z)
        return torch.tanh(torch.baddbmm(p[:, 8:].unsqueeze(1), obs.unsqueeze(1), p[:, :8].view(-1, 4, 2)).squeeze(1))


class Agent:
    def __init__(self):
        self.enc, self.actor = ContextEncoder(), HyperActor()
        self.critic = nn.Sequential(nn.Linear(4 + 2 + 6, 24), nn.ReLU(), nn.Linear(24, 1))
        self.actor_opt = torch.optim.Adam(self.actor.parameters(), lr=3e-3)  # HC304
        self.critic_opt = torch.optim.Adam(self.critic.parameters(), lr=1e-2)

    def update(self, traj, obs, a, r):
        z = self.enc(traj)
        q = self.critic(torch.cat([obs, a, z.detach()], -1))
        closs = F.mse_loss(q.squeeze(-1), r)
        self.critic_opt.zero_grad()
        closs.backward()
        self.critic_opt.step()
        for p in self.critic.parameters():
            p.requires_grad_(False)
        aloss = -self.critic(torch.cat([obs, self.actor(obs, z), z.detach()], -1)).mean()
        self.actor_opt.zero_grad()
        aloss.backward()
        self.actor_opt.step()
        for p in self.critic.parameters():
            p.requires_grad_(True)
        return closs.item(), aloss.item()


if __name__ == "__main__":
    torch.manual_seed(0)
    ag = Agent()
    for it in range(24):
        goal = torch.randn(48, 2)
        traj = torch.cat([goal[:, None].expand(-1, 5, -1) + 0.1 * torch.randn(48, 5, 2), torch.randn(48, 5, 4)], -1)
        obs, a = torch.randn(48, 4), torch.rand(48, 2) * 2 - 1
        r = -(a - torch.tanh(goal)).pow(2).sum(-1)
        c, l = ag.update(traj, obs, a, r)
        if it % 6 == 0:
            print(it, round(c, 4), round(l, 4))
