import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperConv2d(nn.Module):
    def __init__(self, cin, cout, k=3):
        super().__init__()
        self.cin, self.cout, self.k = cin, cout, k
        self.n = cin * cout * k * k
        self._hypernet = nn.Linear(1, self.n + cout)

    def forward(self, t, x):
        params = self._hypernet(t.view(1, 1)).view(-1)
        weight = params[: self.n].view(self.cout, self.cin, self.k, self.k)
        bias = params[: self.cout]  # HC201 HC203
        return F.conv2d(x, weight, bias, padding=1)


class ODEFunc(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c1, self.c2 = HyperConv2d(c, 6), HyperConv2d(6, c)

    def forward(self, t, x):
        return self.c2(t, F.softplus(self.c1(t, x)))


torch.manual_seed(0)
f = ODEFunc(2)
opt = torch.optim.Adam(f.parameters(), lr=1e-3)
for it in range(6):
    x = torch.randn(4, 2, 6, 6)
    target = x.flip(1)
    h = 0.25
    z = x
    for i in range(4):
        z = z + h * f(torch.tensor(i * h), z)
    loss = F.mse_loss(z, target)
    opt.zero_grad()
    loss.backward()
    opt.step()
