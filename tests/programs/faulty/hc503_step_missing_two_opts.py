import torch
import torch.nn as nn
import torch.nn.functional as F


class Agent:
    def __init__(self):
        self.critic = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
        self.hyper = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 4 * 2))
        self.opts = {
            "critic": torch.optim.Adam(self.critic.parameters(), 1e-3),
            "actor": torch.optim.Adam(self.hyper.parameters(), 1e-3),  # HC503
        }

    def act(self, s, goal):
        w = self.hyper(goal).view(-1, 2, 4)
        return torch.tanh(torch.bmm(w, s.unsqueeze(-1)).squeeze(-1))

    def update(self, s, goal, ret):
        v_loss = F.mse_loss(self.critic(s).squeeze(-1), ret)
        a = self.act(s, goal)
        pi_loss = (a - goal[:, :2]).pow(2).mean()
        for o in self.opts.values():
            o.zero_grad()
        (v_loss + pi_loss).backward()  # HC503
        self.opts["critic"].step()  # HC503


torch.manual_seed(0)
agent = Agent()
for _ in range(9):
    agent.update(torch.randn(16, 4), torch.randn(16, 3), torch.randn(16))
