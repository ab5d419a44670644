import torch
import torch.nn as nn


class ScaledMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, s):
        ctx.save_for_backward(x, w, s)
        return (x @ w.t()) * s

    @staticmethod
    def backward(ctx, g):
        x, w, s = ctx.saved_tensors
        return (g * s) @ w, None, (g * (x @ w.t())).sum(0)  # HC114


class Main(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(h))
        self.out = nn.Linear(h, 1)

    def forward(self, x, w):
        return self.out(torch.tanh(ScaledMatmul.apply(x, w, self.scale)))


torch.manual_seed(0)
hyper = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 5 * 7))
main = Main(5, 7)
opt = torch.optim.RMSprop(list(hyper.parameters()) + list(main.parameters()), lr=1e-3)
for i in range(12):
    c = torch.randn(3)
    x = torch.randn(20, 5)
    y = (x * c.sum()).sum(1, keepdim=True)
    loss = (main(x, hyper(c).view(7, 5)) - y).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
