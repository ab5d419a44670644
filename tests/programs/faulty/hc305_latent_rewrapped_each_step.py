"""Auto-decoder; a constraint re-wraps the latent as a fresh Parameter in every forward."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class SphereLatent(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.z = nn.Parameter(torch.randn(dim))

    def project(self):
        self.z = nn.Parameter(F.normalize(self.z.detach(), dim=0))  # HC305 HC101

    def forward(self):
        self.project()
        return self.z


class Painter(nn.Module):
    """RGB image as a coordinate MLP with generated weights."""

    def __init__(self, dim=6, h=10):
        super().__init__()
        self.latent = SphereLatent(dim)
        self.h = h
        self.gen = nn.ModuleDict({k: nn.Linear(dim, n) for k, n in {"w1": 2 * h, "b1": h, "w2": 3 * h, "b2": 3}.items()})

    def forward(self, xy):
        z = self.latent()
        w = {k: g(z) for k, g in self.gen.items()}
        y = torch.sin(6 * F.linear(xy, w["w1"].view(self.h, 2), w["b1"]))
        return torch.sigmoid(F.linear(y, w["w2"].view(3, self.h), w["b2"]))


torch.manual_seed(0)
model = Painter()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
grid = torch.cartesian_prod(torch.linspace(-1, 1, 8), torch.linspace(-1, 1, 8))
image = torch.stack([grid[:, 0] > 0, grid[:, 1] > 0, grid.norm(dim=1) < 0.7], 1).float()
for step in range(15):
    loss = F.mse_loss(model(grid), image)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, f"{loss.item():.4f}")
