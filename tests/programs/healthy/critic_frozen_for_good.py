"""Two stages in one script: the critic/hypernet learns first, is frozen deliberately, and the policy is trained on it."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
meta, head = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 16)), nn.Linear(8, 1)


def q(s, a):
    return head(F.relu(torch.einsum("boi,bi->bo", meta(s).view(-1, 8, 2), a)))


q_opt = torch.optim.Adam([*meta.parameters(), *head.parameters()], 1e-3)
for it in range(6):
    s, a, r = torch.randn(16, 4), torch.randn(16, 2), torch.randn(16, 1)
    q_opt.zero_grad()
    F.mse_loss(q(s, a), r).backward()
    q_opt.step()
for p in (*meta.parameters(), *head.parameters()):
    p.requires_grad_(False)
pi = nn.Linear(4, 2)
pi_opt = torch.optim.Adam(pi.parameters(), 1e-2)
for it in range(6):
    s = torch.randn(16, 4)
    pi_opt.zero_grad()
    (-q(s, torch.tanh(pi(s))).mean()).backward()
    pi_opt.step()
