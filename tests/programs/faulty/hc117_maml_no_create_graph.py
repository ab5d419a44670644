"""The hypernet generates the initial weights' inner-loop learning rates; gradient must pass the inner update."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class LRHyper(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.emb = nn.Parameter(torch.randn(5))
        self.fc = nn.Sequential(nn.Linear(5, 10), nn.Tanh(), nn.Linear(10, n))

    def forward(self):
        return self.fc(self.emb)


class WHyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 6 * 2)

    def forward(self, s):
        return self.fc(s.mean(0)).view(2, 6)


def adapt(w, x, y, lr=0.1, steps=2):
    for _ in range(steps):
        loss = F.mse_loss(F.linear(x, w), y)
        (g,) = torch.autograd.grad(loss, w)
        w = (w - lr * g).detach().requires_grad_()  # HC117 HC104
    return w


torch.manual_seed(0)
hyper = WHyper()
temp = nn.Parameter(torch.ones(2))
meta = torch.optim.Adam([*hyper.parameters(), temp], lr=1e-2)
for ep in range(8):
    true = torch.randn(2, 6)
    xs, xq = torch.randn(10, 6), torch.randn(10, 6)
    w = adapt(hyper(xs), xs, xs @ true.t())
    loss = F.mse_loss(F.linear(xq, w) * temp, xq @ true.t())
    meta.zero_grad()
    loss.backward()
    meta.step()
