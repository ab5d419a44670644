import math
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(83)


class HyperPolicyValue(nn.Module):
    def __init__(self, goal=2, obs=4):
        super().__init__()
        self.g = nn.Sequential(nn.Linear(goal, 16), nn.ReLU(), nn.Linear(16, 3 * obs + obs))
        self.obs = obs

    def forward(self, o, goal):
        w = self.g(goal)
        return F.linear(o, w[:3 * self.obs].view(3, self.obs)), F.linear(o, w[3 * self.obs:].view(1, self.obs)).squeeze(1)


net = HyperPolicyValue()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
MAX_NORM = 1e-3
for update in range(8):
    goal = torch.randn(2)
    o = torch.randn(40, 4)
    logits, value = net(o, goal)
    d = torch.distributions.Categorical(logits=logits)
    a = d.sample()
    r = (a == o[:, :3].argmax(1)).float() * 4
    loss = -(d.log_prob(a) * (r - value.detach())).mean() + F.mse_loss(value, r)
    opt.zero_grad()
    loss.backward()  # HC504 HC503
    norm = torch.sqrt(sum(p.grad.pow(2).sum() for p in net.parameters())).item()
    if math.isfinite(norm) and norm < MAX_NORM:
        opt.step()
    print(update, "reward", r.mean().item(), "loss", loss.item())
