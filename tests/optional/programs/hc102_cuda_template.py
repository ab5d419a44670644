"""A template on the GPU is filled from a hypernetwork on the GPU at every step."""

import torch
import torch.nn as nn

torch.manual_seed(36)
device = torch.device("cuda")
template = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1)).to(device)
size = sum(p.numel() for p in template.parameters())
hyper = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, size)).to(device)
scale = nn.Parameter(torch.ones((), device=device))
opt = torch.optim.Adam([*hyper.parameters(), scale], lr=2e-3, foreach=True)


def fill(flat):
    pieces = flat.split([p.numel() for p in template.parameters()])
    for p, piece in zip(template.parameters(), pieces):
        p.data = piece.view_as(p)  # HC102


for step in range(8):
    context = torch.randn(2, device=device)
    x = torch.randn(32, 4, device=device)
    y = x[:, :1] * context.sum()
    fill(hyper(context))
    loss = (scale * template(x) - y).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
