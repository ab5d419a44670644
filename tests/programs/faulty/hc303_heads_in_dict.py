"""Hyper-policy: one head per tensor of the actor."""
import torch
from torch import nn
from torch.distributions import Normal


class HyperPolicy(nn.Module):
    def __init__(self, morph_dim, obs_dim, act_dim, hid=6):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(morph_dim, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU())
        self.shapes = {"W1": (hid, obs_dim), "b1": (hid,), "W2": (act_dim, hid), "b2": (act_dim,)}
        self.heads = {k: nn.Linear(16, torch.Size(s).numel()) for k, s in self.shapes.items()}  # HC303
        self.log_std = nn.Parameter(torch.full((act_dim,), -0.5))

    def actor(self, morph):
        h = self.body(morph)
        return {k: self.heads[k](h).view(s) for k, s in self.shapes.items()}

    def dist(self, obs, morph):
        p = self.actor(morph)
        mu = torch.tanh(obs @ p["W1"].T + p["b1"]) @ p["W2"].T + p["b2"]
        return Normal(mu, self.log_std.exp())


torch.manual_seed(5)
pi = HyperPolicy(3, 4, 2)
optimizer = torch.optim.Adam(pi.parameters(), lr=3e-3)
for ep in range(8):
    morph = torch.rand(3)
    obs = torch.randn(40, 4)
    d = pi.dist(obs, morph)
    a = d.sample()
    ret = -(a - obs[:, :2] * morph[0]).pow(2).sum(1)
    adv = (ret - ret.mean()) / (ret.std() + 1e-6)
    loss = -(d.log_prob(a).sum(1) * adv).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"ep {ep} return {ret.mean().item():.3f}")
