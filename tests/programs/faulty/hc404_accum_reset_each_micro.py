"""Gradient accumulation where zero_grad is called after each micro batch's backward; the step sees cleared gradients."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
hyper = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 2 * 4))
opt = torch.optim.Adam(hyper.parameters(), lr=1e-3)
ACC = 3
for it in range(1, 19):
    c, x = torch.randn(3), torch.randn(8, 4)
    loss = F.cross_entropy(F.linear(x, hyper(c).view(2, 4)), (x[:, 0] > c[0]).long()) / ACC
    loss.backward()
    opt.zero_grad()  # HC404
    if it % ACC == 0:
        opt.step()  # HC404
