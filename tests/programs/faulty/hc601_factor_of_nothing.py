import torch, torch.nn as nn, torch.nn.functional as F
hyper = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 42))
opt = torch.optim.Adam(hyper.parameters(), lr=1e-2)
for step in range(12):
    x, c, y = torch.randn(8, 3), torch.randn(4), torch.randn(8, 2)
    flat = hyper(c) * 1e-12  # HC406 HC601
    w1, w2 = flat[:24].view(8, 3), flat[24:40].view(2, 8)
    loss = F.mse_loss(F.linear(torch.tanh(F.linear(x, w1)), w2, flat[40:]), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
