import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
gen = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 12))
disc = nn.Sequential(nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 1))
opt_g, opt_d = torch.optim.Adam(gen.parameters(), 5e-3), torch.optim.Adam(disc.parameters(), 5e-3)
X = torch.randn(64, 4)
Y = X @ torch.randn(4, 3)
for step in range(24):
    z = torch.randn(4)
    w = gen(z)
    d_loss = F.softplus(disc(torch.randn(12))).mean() + F.softplus(-disc(w)).mean()
    d_loss.backward(retain_graph=True)
    opt_d.step()
    loss = F.mse_loss(F.linear(X, w.view(3, 4)), Y)
    loss.backward()
    opt_g.step()
    opt_d.zero_grad()
    opt_g.zero_grad()
print(loss.item())
