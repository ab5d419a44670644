import torch, torch.nn as nn, torch.nn.functional as F
lrnet, init = nn.Linear(4, 2), nn.Linear(4, 6)
opt = torch.optim.Adam([*lrnet.parameters(), *init.parameters()], lr=1e-2)
for step in range(12):
    x, c, y = torch.randn(8, 3), torch.randn(4), torch.randn(8, 2)
    w = init(c).view(2, 3)
    lrs = lrnet(c).exp().tolist()  # HC111
    g, = torch.autograd.grad(F.mse_loss(F.linear(x, w), y), [w], create_graph=True)
    w = w - lrs[0] * g
    loss = F.mse_loss(F.linear(x, w), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
