import torch, torch.nn as nn, torch.nn.functional as F
hyper, extra = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 6)), nn.Module()
opt = torch.optim.Adam(extra.parameters() if list(extra.parameters()) else hyper[1].parameters(), lr=1e-2)  # HC304
for step in range(12):
    x, c, y = torch.randn(8, 3), torch.randn(4), torch.randn(8, 2)
    loss = F.mse_loss(F.linear(x, hyper(c).view(2, 3)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
