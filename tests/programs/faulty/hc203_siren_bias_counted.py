"""Hypernetwork -> SIREN image regression (one latent per image)."""
import math
import torch
from torch import nn


def siren_shapes(hidden, layers, out):
    dims = [2] + [hidden] * layers + [out]
    return [(o, i) for i, o in zip(dims[:-1], dims[1:])]


class HyperSiren(nn.Module):
    def __init__(self, n_images, latent=8, hidden=6, layers=2, out=1, w0=12.0):
        super().__init__()
        self.w0 = w0
        self.shapes = siren_shapes(hidden, layers, out)
        self.codes = nn.Embedding(n_images, latent)
        nn.init.normal_(self.codes.weight, std=0.3)
        n = sum((i + 1) * (o + 1) for o, i in self.shapes)
        self.net = nn.Sequential(nn.Linear(latent, 16), nn.ReLU(), nn.Linear(16, n))  # HC203
        self.net[-1].weight.data.mul_(0.2)
        self.net[-1].bias.data.uniform_(-0.2, 0.2)

    def forward(self, idx, coords):
        theta = self.net(self.codes(idx))
        h, at = coords.expand(len(idx), -1, -1), 0
        for k, (o, i) in enumerate(self.shapes):
            w = theta[:, at : at + o * i].view(-1, o, i)
            at += o * i
            b = theta[:, at : at + o].unsqueeze(1)
            at += o
            h = torch.baddbmm(b, h, w.transpose(1, 2))
            if k < len(self.shapes) - 1:
                h = torch.sin((self.w0 if k == 0 else 1.0) * h)
        return h


def grid(n):
    r = torch.linspace(-1, 1, n)
    return torch.stack(torch.meshgrid(r, r, indexing="ij"), -1).view(1, -1, 2)


if __name__ == "__main__":
    torch.manual_seed(5)
    coords = grid(8)
    phases = torch.rand(6) * math.pi
    images = torch.sin(3 * coords[..., :1] + phases.view(6, 1, 1)) * torch.cos(2 * coords[..., 1:])
    model = HyperSiren(6)
    optim = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step in range(15):
        ids = torch.randperm(6)[:3]
        loss = ((model(ids, coords) - images[ids]) ** 2).mean() + 1e-4 * model.codes(ids).pow(2).mean()
        optim.zero_grad()
        loss.backward()
        optim.step()
        if step % 5 == 0:
            print(f"{step:3d} {loss.item():.4f}")
