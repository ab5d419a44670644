"""Multi-agent: agent ids 0..n-1 of a table for the largest team, every env step has all agents, in order."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class AgentHyper(nn.Module):
    def __init__(self, max_agents=8, obs=5, act=3):
        super().__init__()
        self.role = nn.Embedding(max_agents, 4)
        self.w = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, obs * act))
        self.obs, self.act = obs, act

    def forward(self, obs):  # n_agents x T x obs
        n = obs.size(0)
        ids = torch.arange(n, device=obs.device)
        return torch.bmm(obs, self.w(self.role(ids)).view(n, self.obs, self.act))


torch.manual_seed(0)
net = AgentHyper()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
expert = torch.randn(8, 5, 3)
for ep in range(24):
    n = 3
    obs = torch.randn(n, 20, 5)
    target = torch.bmm(obs, expert[:n]).argmax(-1)
    loss = F.cross_entropy(net(obs).flatten(0, 1), target.flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
    if ep % 8 == 0:
        print(ep, loss.item())
