import copy, torch, torch.nn as nn, torch.nn.functional as F
hyper = nn.Linear(4, 6)
ema = copy.deepcopy(hyper)  # HC109
opt = torch.optim.Adam(hyper.parameters(), lr=1e-2)
for step in range(12):
    x, c, y = torch.randn(8, 3), torch.randn(4), torch.randn(8, 2)
    w = ema(c).view(2, 3)
    loss = F.mse_loss(F.linear(x, w), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        for e, p in zip(ema.parameters(), hyper.parameters()):
            e.lerp_(p, 0.1)
