import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
emb = nn.Parameter(torch.randn(4))
hyper = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 12))
opt = torch.optim.Adam([emb], 1e-2)
X = torch.randn(64, 4)
Y = X @ torch.randn(4, 3)
for i in range(30):
    w = hyper(emb)
    loss = F.mse_loss(F.linear(X, w.view(3, 4)), Y)
    opt.zero_grad()
    for p in hyper.parameters():
        p.grad = None
    loss.backward()
    opt.step()
    with torch.no_grad():
        for p in hyper.parameters():
            p -= 0.05 * p.grad
print(loss.item())
