import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperPolicy(nn.Module):
    def __init__(self, ctx=3, obs=4, acts=3):
        super().__init__()
        self.obs, self.acts = obs, acts
        self.mu = nn.Sequential(nn.Linear(ctx, 16), nn.Tanh(), nn.Linear(16, obs * acts))
        self.log_std = nn.Parameter(torch.full((obs * acts,), -1.0))
        self.value = nn.Linear(ctx, 1)

    def sample(self, ctx):
        """PGPE: samples the policy's weights; the score function estimator needs no path through them."""
        dist = torch.distributions.Normal(self.mu(ctx), self.log_std.exp())
        theta = dist.sample()
        return theta, dist.log_prob(theta).sum()


torch.manual_seed(0)
pol = HyperPolicy()
opt = torch.optim.Adam(pol.parameters(), lr=1e-2)
for ep in range(12):
    ctx = torch.randn(3)
    theta, logp = pol.sample(ctx)
    ret = 0.0
    s = torch.randn(4)
    for t in range(6):
        a = F.linear(s, theta.view(3, 4)).argmax().item()
        ret += float(a == 1) - 0.1 * float(s.norm())
        s = 0.9 * s + 0.1 * torch.randn(4)
    v = pol.value(ctx).squeeze()
    adv = ret - v.detach()
    loss = -adv * logp + (v - ret) ** 2
    opt.zero_grad()
    loss.backward()
    opt.step()
