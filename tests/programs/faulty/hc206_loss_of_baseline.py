"""Hypernetwork-personalised predictor compared against a global model each round."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Personaliser(nn.Module):
    def __init__(self, users, dim=5, n_in=6):
        super().__init__()
        self.users = nn.Embedding(users, dim)
        self.net = nn.Sequential(nn.Linear(dim, 12), nn.ReLU(), nn.Linear(12, n_in + 1))
        nn.init.normal_(self.net[-1].weight, std=0.1)

    def forward(self, u, x):
        theta = self.net(self.users(u))
        w, b = theta[:, :-1], theta[:, -1]
        return (x * w).sum(-1) + b


class GlobalModel(nn.Module):
    def __init__(self, n_in=6):
        super().__init__()
        self.lin = nn.Linear(n_in, 1)

    def forward(self, x):
        return self.lin(x).squeeze(-1)


def train(rounds=14):
    torch.manual_seed(4)
    hyper, base = Personaliser(7), GlobalModel()
    opt = torch.optim.Adam([*hyper.parameters(), *base.parameters()], lr=5e-3)
    taste = torch.randn(7, 6)
    for r in range(rounds):
        u = torch.randint(0, 7, (20,))
        x = torch.randn(20, 6)
        y = (x * taste[u]).sum(-1)
        pred = hyper(u, x)
        pred_global = base(x)
        loss = F.mse_loss(pred_global, y)  # HC206
        opt.zero_grad()
        loss.backward()
        opt.step()
        with torch.no_grad():
            gap = F.mse_loss(pred, y) - F.mse_loss(pred_global, y)
        print(r, f"{loss.item():.3f}", f"gap {gap.item():.3f}")


train()
