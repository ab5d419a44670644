import torch, torch.nn as nn, torch.nn.functional as F
hyper = nn.Linear(4, 6)
opt = torch.optim.Adam(hyper.parameters(), lr=1e-2)
for step in range(12):
    x, c, y = torch.randn(8, 3), torch.randn(4), torch.randn(8, 2)
    with torch.no_grad():  # HC105
        w = hyper(c).view(2, 3)  # HC105
    loss = F.mse_loss(F.linear(x, w), y)
    opt.zero_grad()
    if loss.requires_grad:
        loss.backward()
    opt.step()
