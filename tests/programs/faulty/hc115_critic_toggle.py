# hyper-critic / actor; gradients of the critic are switched off around the actor's update
import torch
from torch import nn
import torch.nn.functional as F

torch.manual_seed(18)


class HyperCritic(nn.Module):
    """state -> weights of a small net over actions"""

    def __init__(self, s=3, a=2, h=6):
        super().__init__()
        self.primary = nn.Sequential(nn.Linear(s, 16), nn.ReLU())
        self.w1, self.b1 = nn.Linear(16, a * h), nn.Linear(16, h)
        self.w2, self.b2 = nn.Linear(16, h), nn.Linear(16, 1)
        self.a, self.h = a, h

    def forward(self, s, a):
        z = self.primary(s)
        x = torch.relu(torch.bmm(a.unsqueeze(1), self.w1(z).view(-1, self.a, self.h)).squeeze(1) + self.b1(z))
        return (x * self.w2(z)).sum(1, keepdim=True) + self.b2(z)


actor = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2), nn.Tanh())
critic = HyperCritic()
opt_a = torch.optim.Adam(actor.parameters(), lr=1e-3)
opt_c = torch.optim.Adam(critic.parameters(), lr=1e-3)


def heads(net):
    return [p for n, p in net.named_parameters() if n.startswith(("w", "b"))]


for it in range(8):
    s, a = torch.randn(32, 3), torch.rand(32, 2) * 2 - 1
    r = -(a - s[:, :2]).pow(2).sum(1, keepdim=True)
    critic_loss = F.mse_loss(critic(s, a), r)
    opt_c.zero_grad()
    critic_loss.backward()
    opt_c.step()

    for p in critic.parameters():
        p.requires_grad_(False)  # HC115
    actor_loss = -critic(s, actor(s)).mean()
    opt_a.zero_grad()
    actor_loss.backward()
    opt_a.step()
    for p in heads(critic):
        p.requires_grad_(True)
    print(it, critic_loss.item(), actor_loss.item())
