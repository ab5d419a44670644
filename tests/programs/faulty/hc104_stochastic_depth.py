import torch, torch.nn as nn, torch.nn.functional as F
torch.manual_seed(0)
emb, net, base, head = nn.Parameter(torch.randn(4)), nn.Linear(4, 36), nn.Linear(6, 6), nn.Linear(6, 1)
opt = torch.optim.Adam([emb, *net.parameters(), *base.parameters(), *head.parameters()], 1e-2)
x, y = torch.randn(32, 6), torch.randn(32, 1)
for step in range(20):
    z = torch.tanh(base(x))
    if torch.rand(()) > 0.3:
        w = net(emb).view(6, 6).detach()  # HC104
        z = z + torch.tanh(F.linear(z, w))
    loss = F.mse_loss(head(z), y)
    opt.zero_grad(); loss.backward(); opt.step()
