"""Pareto-front learning: preference ray -> weights of the target network (linear scalarisation)."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class PHNHyper(nn.Module):
    def __init__(self, n_in=6, n_hidden=8, ray_hidden_dim=20):
        super().__init__()
        self.n_in, self.n_hidden = n_in, n_hidden
        self.ray_mlp = nn.Sequential(
            nn.Linear(2, ray_hidden_dim),
            nn.Softsign(),
            nn.Linear(ray_hidden_dim, ray_hidden_dim),
            nn.Softsign(),
        )
        self.fc_0_weights = nn.Linear(ray_hidden_dim, n_in * n_hidden)
        self.fc_0_bias = nn.Linear(ray_hidden_dim, n_hidden)
        for j in range(2):
            setattr(self, f"task{j + 1}_weights", nn.Linear(ray_hidden_dim, n_hidden))
            setattr(self, f"task{j + 1}_bias", nn.Linear(ray_hidden_dim, 1))

    def forward(self, ray):
        features = self.ray_mlp(ray)
        out = {
            "fc0.weights": self.fc_0_weights(features).reshape(self.n_hidden, self.n_in),
            "fc0.bias": self.fc_0_bias(features),
        }
        for j in range(2):
            out[f"task{j + 1}.weights"] = getattr(self, f"task{j + 1}_weights")(features).reshape(
                1, self.n_hidden
            )
            out[f"task{j + 1}.bias"] = getattr(self, f"task{j + 1}_bias")(features).flatten()
        return out


class PHNTarget(nn.Module):
    def forward(self, x, weights=None):
        x = torch.tanh(F.linear(x, weight=weights["fc0.weights"], bias=weights["fc0.bias"]))
        return [
            F.linear(x, weight=weights[f"task{j}.weights"], bias=weights[f"task{j}.bias"]) for j in (1, 2)
        ]


if __name__ == "__main__":
    np.random.seed(42)
    torch.manual_seed(42)
    hnet, net = PHNHyper(), PHNTarget()
    optimizer = torch.optim.Adam(hnet.parameters(), lr=3e-3)
    x = torch.randn(40, 6)
    ys = [x[:, :1] ** 2, torch.cos(x[:, 1:2])]
    for i in range(8):
        hnet.train()
        optimizer.zero_grad()
        ray = torch.from_numpy(np.random.dirichlet((0.4, 0.4), 1).astype(np.float32).flatten())
        l1, l2 = (F.mse_loss(o, y) for o, y in zip(net(x, hnet(ray)), ys))
        loss = ray[0] * l1 + ray[1] * l2
        loss.backward()
        optimizer.step()
        print(f"it {i} ray {np.round(ray.numpy(), 2)} loss {loss.item():.4f}")
    hnet.eval()
    with torch.no_grad():
        for r in np.linspace(0, 1, 3):
            losses = [
                F.mse_loss(o, y).item()
                for o, y in zip(net(x, hnet(torch.tensor([r, 1 - r], dtype=torch.float32))), ys)
            ]
            print("ray", r, losses)
