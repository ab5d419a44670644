import torch
from torch import nn
import torch.nn.functional as F
from torch.nn.utils import parameters_to_vector, vector_to_parameters
torch.manual_seed(0)
class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.codes = nn.Parameter(torch.randn(2, 4))
        self.g = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 12))
    def forward(self, k):
        return self.g(self.codes[k]).view(3, 4)
net = Hyper()
X = torch.randn(60, 4); Y = X @ torch.randn(4, 3)
theta = parameters_to_vector(net.parameters()).detach()
with torch.no_grad():
    for g in range(5):
        eps = torch.randn(6, theta.numel())
        fit = []
        for e in eps:
            vector_to_parameters(theta + 0.05 * e, net.parameters())
            fit.append(-sum(F.mse_loss(F.linear(X, net(k)), Y) for k in range(2)))
        fit = torch.stack(fit)
        theta = theta + 0.01 * (eps.t() @ (fit - fit.mean()))
    vector_to_parameters(theta, net.parameters())
opt = torch.optim.Adam(net.parameters(), 1e-2)
for s in range(20):
    loss = F.mse_loss(F.linear(X, net(s % 2)), Y)
    opt.zero_grad(); loss.backward(); opt.step()
print(loss.item())
