import torch
import torch.nn as nn

torch.manual_seed(85)
# latent codes have their own optimizer (auto-decoder)
N = 3
codes = nn.Embedding(N, 4)
nn.init.normal_(codes.weight, std=0.3)
hyper = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 8 * 2 + 8 + 8))
opt_net = torch.optim.Adam(hyper.parameters(), lr=1e-3)
opt_codes = torch.optim.SGD(codes.parameters(), lr=1e-2)
grid = torch.rand(30, 2) * 2 - 1


def sdf(x, th):
    w, b, v = th.split([16, 8, 8], -1)
    return torch.sin(3 * (x @ w.view(2, 8) + b)) @ v


def targets(k):
    return grid.norm(dim=1) - 0.3 * (k + 1)


for it in range(9):
    loss = 0.0
    opt_net.zero_grad()
    for k in range(N):
        loss = loss + (sdf(grid, hyper(codes.weight[k])) - targets(k)).abs().mean()
    loss.backward()  # HC405
    opt_net.step()
    opt_codes.step()
    print("it", it, "loss", loss.item())
