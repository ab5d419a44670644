"""Forward hooks scale the activations of a frozen network with generated gains (adapter style)."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(8)
frozen = nn.Sequential(nn.Linear(6, 12), nn.ELU(), nn.Linear(12, 12), nn.ELU(), nn.Linear(12, 3))
for p in frozen.parameters():
    p.requires_grad = False
frozen.eval()
linears = [m for m in frozen if isinstance(m, nn.Linear)]
sizes = [m.out_features for m in linears]


class GainHyper(nn.Module):
    def __init__(self, n_users):
        super().__init__()
        self.user = nn.Embedding(n_users, 5)
        self.fc = nn.Linear(5, 2 * sum(sizes))
        nn.init.zeros_(self.fc.weight)
        nn.init.zeros_(self.fc.bias)

    def forward(self, u):
        g, b = self.fc(self.user(u)).chunk(2, -1)
        return (1 + g).split(sizes, -1), b.split(sizes, -1)


hyper = GainHyper(3)
state = {}


def attach(idx):
    def hook(module, inp, out):
        return out * state["gain"][idx] + state["shift"][idx]

    return linears[idx].register_forward_hook(hook)


for i in range(len(linears)):
    attach(i)
opt = torch.optim.Adam(hyper.parameters(), lr=1e-2)
for it in range(8):
    u = torch.arange(30) % 3
    x = torch.randn(30, 6)
    state["gain"], state["shift"] = hyper(u)
    loss = F.mse_loss(frozen(x), x[:, :3] * (u[:, None] - 1.0))
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(it, loss.item())
