import torch
from torch import nn

torch.manual_seed(0)
device = torch.device("cpu")
dtype = torch.float64
latents = nn.Parameter(torch.zeros(3, 4).normal_(0, 0.01)).to(device=device, dtype=dtype)  # HC302
hyper = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2 * 8 + 8 + 8 + 1)).to(device, dtype)
optim = torch.optim.Adam(hyper.parameters(), lr=5e-4)
xy = torch.rand(50, 2, dtype=dtype)
targets = torch.rand(3, 50, 1, dtype=dtype)


def inr(p, x):
    w1, b1, w2, b2 = p.split([16, 8, 8, 1])
    return torch.sin(10 * (x @ w1.view(2, 8) + b1)) @ w2.view(8, 1) + b2


for epoch in range(4):
    for i in range(3):
        loss = (inr(hyper(latents[i]), xy) - targets[i]).pow(2).mean() + 1e-3 * latents[i].pow(2).sum()
        optim.zero_grad()
        loss.backward(retain_graph=True)
        optim.step()
