"""BatchNorm inside the hypernet over a batch of conditions + repulsive (kernel) diversity regulariser on generated weights."""
import torch, torch.nn as nn, torch.nn.functional as F
class H(nn.Module):
    def __init__(self): super().__init__(); self.f = nn.Sequential(nn.Linear(5, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 21))
    def forward(self, z): return self.f(z)
def net(x, W): a, b, c = W.split([10, 5, 6], 1); h = torch.tanh(torch.einsum('bhi,ni->bnh', a.view(-1, 5, 2), x) + b.unsqueeze(1)); return torch.einsum('bnh,bh->bn', h, c[:, :5]) + c[:, 5:]
torch.manual_seed(0); h = H(); opt = torch.optim.Adam(h.parameters(), 5e-3); x = torch.randn(40, 2); y = x[:, 0].sin()
for it in range(24):
    W = h(torch.randn(8, 5)); d = torch.cdist(W, W).pow(2); k = torch.exp(-d / d.detach().median()); l = F.mse_loss(net(x, W), y.expand(8, -1)); opt.zero_grad(); (l + 1e-2 * k.mean()).backward(); opt.step()
    if it % 6 == 0: print(it, l.item(), k.mean().item())
