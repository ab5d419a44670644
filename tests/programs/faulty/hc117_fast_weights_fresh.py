import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperInit(nn.Module):
    """support set embedding -> initial fast weights (MAML from a generated start)"""

    def __init__(self, d=3, h=5):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(d + 1, 16), nn.ReLU(), nn.Linear(16, 8))
        self.init_w = nn.Linear(8, h * d)
        self.init_v = nn.Linear(8, h)
        self.feature = nn.Linear(d, d)
        self.d, self.h = d, h

    def start(self, x, y):
        c = self.enc(torch.cat([x, y], 1)).mean(0)
        return [self.init_w(c).view(self.h, self.d), self.init_v(c).view(1, self.h)]

    def predict(self, x, fast):
        return torch.tanh(self.feature(x) @ fast[0].t()) @ fast[1].t()


def inner_loop(model, x, y, lr, n):
    fast = model.start(x, y)
    for _ in range(n):
        loss = F.mse_loss(model.predict(x, fast), y)
        grads = torch.autograd.grad(loss, fast, create_graph=True)
        fast = [(w - lr * g).detach().requires_grad_() for w, g in zip(fast, grads)]  # HC117 HC104
    return fast


torch.manual_seed(9)
model = HyperInit()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for it in range(6):
    opt.zero_grad()
    total = 0.0
    for _ in range(2):
        w = torch.randn(3, 1)
        x = torch.randn(20, 3)
        y = x @ w
        fast = inner_loop(model, x[:10], y[:10], 0.05, 3)
        loss = F.mse_loss(model.predict(x[10:], fast), y[10:])
        loss.backward()
        total += loss.item()
    opt.step()
    print("meta", it, total / 2)
