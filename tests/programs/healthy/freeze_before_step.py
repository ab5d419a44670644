import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
hyper = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 12))
opt = torch.optim.Adam(hyper.parameters(), 5e-3)
X = torch.randn(64, 4)
Y = X @ torch.randn(4, 3)
hyper.requires_grad_(False)
for step in range(20):
    opt.zero_grad()
    hyper.requires_grad_(True)
    loss = F.mse_loss(F.linear(X, hyper(torch.ones(4)).view(3, 4)), Y)
    loss.backward()
    hyper.requires_grad_(False)
    opt.step()
print(loss.item())
