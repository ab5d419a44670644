"""Functional style: per-image codes are plain leaf tensors in a list captured by a closure."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def build(n_images, dim, h=8):
    codes = [torch.randn(dim, requires_grad=True) for _ in range(n_images)]  # HC301
    decoder = nn.Sequential(nn.Linear(dim, 20), nn.ReLU(), nn.Linear(20, 4 * h + 1))

    def render(i, xy):
        t = decoder(codes[i])
        z = torch.sin(4 * F.linear(xy, t[: 2 * h].reshape(h, 2), t[2 * h:3 * h]))
        return F.linear(z, t[3 * h:4 * h].reshape(1, h), t[4 * h:])[:, 0]

    return render, decoder


torch.manual_seed(0)
render, decoder = build(4, 5)
opt = torch.optim.Adam(decoder.parameters(), lr=1e-3)
for it in range(20):
    i = it % 4
    xy = torch.rand(60, 2) * 2 - 1
    loss = F.mse_loss(render(i, xy), torch.sin((i + 1) * xy[:, 0]) * xy[:, 1])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 5 == 4:
        print(it, f"{loss.item():.4f}")
