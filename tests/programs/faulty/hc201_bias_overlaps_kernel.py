"""Time-dependent conv layer (CNF style): weights as a function of t."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperConv2d(nn.Module):
    def __init__(self, dim_in, dim_out, ksize=3, padding=1):
        super().__init__()
        self.dim_in, self.dim_out, self.ksize, self.padding = dim_in, dim_out, ksize, padding
        self.params_dim = dim_in * dim_out * ksize * ksize + dim_out
        self._hypernet = nn.Linear(1, self.params_dim)

    def forward(self, t, x):
        params = self._hypernet(t.view(1, 1)).view(-1)
        weight_size = self.dim_in * self.dim_out * self.ksize ** 2
        weight = params[:weight_size].view(self.dim_out, self.dim_in, self.ksize, self.ksize)
        bias = params[:self.dim_out].view(self.dim_out)  # HC201 HC203
        return F.conv2d(x, weight=weight, bias=bias, padding=self.padding)


class ODEFunc(nn.Module):
    def __init__(self, c=3):
        super().__init__()
        self.l1 = HyperConv2d(1, c)
        self.l2 = HyperConv2d(c, 1)

    def forward(self, t, y):
        return self.l2(t, torch.tanh(self.l1(t, y)))


def rk4(f, y, n=3):
    h = 1.0 / n
    for k in range(n):
        t = torch.tensor(k * h)
        k1 = f(t, y)
        k2 = f(t + h / 2, y + h / 2 * k1)
        k3 = f(t + h / 2, y + h / 2 * k2)
        k4 = f(t + h, y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y


torch.manual_seed(0)
func = ODEFunc()
opt = torch.optim.Adam(func.parameters(), lr=1e-2)
x0 = torch.randn(4, 1, 5, 5)
x1 = 0.5 * x0 + 0.2
for i in range(6):
    opt.zero_grad()
    loss = F.mse_loss(rk4(func, x0), x1)
    loss.backward()
    opt.step()
    print(i, loss.item())
