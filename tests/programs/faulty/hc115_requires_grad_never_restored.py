"""SAC-like: critic (with hypernet) is frozen for the actor update, and never unfrozen."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.meta = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2 * 8))
        self.head = nn.Linear(8, 1)

    def forward(self, s, a):
        w = self.meta(s).view(-1, 8, 2)
        return self.head(F.relu(torch.einsum("boi,bi->bo", w, a)))


def set_requires_grad(net, flag):
    for p in net.meta.parameters():
        p.requires_grad_(flag)  # HC115


torch.manual_seed(0)
q, pi = HyperCritic(), nn.Linear(4, 2)
q_opt, pi_opt = torch.optim.Adam(q.parameters(), 1e-3), torch.optim.Adam(pi.parameters(), 1e-3)
for it in range(10):
    s, a, r = torch.randn(16, 4), torch.randn(16, 2), torch.randn(16, 1)
    q_opt.zero_grad()
    F.mse_loss(q(s, a), r).backward()
    q_opt.step()
    set_requires_grad(q, False)
    pi_opt.zero_grad()
    (-q(s, torch.tanh(pi(s))).mean()).backward()
    pi_opt.step()
