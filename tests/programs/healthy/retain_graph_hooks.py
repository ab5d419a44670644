"""Two backwards over one graph, retained gradients of the generated weights, and hooks that clip them."""

import torch
import torch.nn as nn

torch.manual_seed(20)
hyper = nn.Sequential(nn.Linear(4, 24), nn.Tanh(), nn.Linear(24, 5 * 3))
codes = nn.Parameter(torch.randn(2, 4))
opt = torch.optim.Adam([*hyper.parameters(), codes], lr=3e-3)
norms = []


def watch(grad):
    norms.append(grad.norm().item())
    return grad.clamp(-0.5, 0.5)


handle = hyper[2].bias.register_hook(lambda g: g * 0.9)
for step in range(8):
    task = step % 2
    w = hyper(codes[task]).view(3, 5)
    w.register_hook(watch)
    w.retain_grad()
    x = torch.randn(24, 5)
    pred = x @ w.T
    fit = (pred - x[:, :3] * (task + 1)).square().mean()
    smooth = 0.01 * w.diff(dim=1).square().sum()
    opt.zero_grad()
    fit.backward(retain_graph=True)
    from_fit = w.grad.norm().item()
    smooth.backward()
    opt.step()
    print(f"{step}: {fit.item():.4f} |g| {from_fit:.3f} -> {w.grad.norm().item():.3f}")
handle.remove()
print("seen", len(norms))
