import torch
from torch import nn
import torch.nn.functional as F
torch.manual_seed(0)
class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.code = torch.randn(4).requires_grad_()
        self.net = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 12))
    def forward(self):
        return self.net(self.code).view(3, 4)
m = Hyper()
c0 = m.code.detach().clone()
opt = torch.optim.SGD([m.code, *m.parameters()], 0.05)
X = torch.randn(64, 4); Y = X @ torch.randn(4, 3)
for step in range(20):
    loss = F.mse_loss(F.linear(X, m()), Y)
    opt.zero_grad(); loss.backward(); opt.step()
print(loss.item(), (m.code - c0).norm().item())
