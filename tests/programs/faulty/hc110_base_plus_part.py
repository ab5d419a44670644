import torch, torch.nn as nn, torch.nn.functional as F
hyper = nn.Linear(4, 8)
base = nn.Parameter(torch.randn(8))
opt = torch.optim.Adam([base, *hyper.parameters()], lr=1e-2)
for step in range(12):
    x, c, y = torch.randn(8, 3), torch.randn(4), torch.randn(8, 2)
    flat = base + hyper(c)
    w = torch.from_numpy(flat[:6].view(2, 3).detach().numpy())  # HC110
    loss = F.mse_loss(F.linear(x, w, flat[6:]), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
