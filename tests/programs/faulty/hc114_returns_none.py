import torch
import torch.nn as nn


class TernaryWeight(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w, delta):
        ctx.save_for_backward(w)
        return torch.where(w > delta, 1.0, torch.where(w < -delta, -1.0, 0.0))

    @staticmethod
    def backward(ctx, grad_out):
        (w,) = ctx.saved_tensors
        return None, None  # HC114


class HyperLinear(nn.Module):
    def __init__(self, i, o, zdim=4):
        super().__init__()
        self.z = nn.Parameter(torch.randn(zdim))
        self.g = nn.Linear(zdim, i * o)
        self.bias = nn.Parameter(torch.zeros(o))
        self.shape = (o, i)

    def forward(self, x):
        w = self.g(self.z).view(self.shape)
        w = TernaryWeight.apply(w, 0.05)  # HC114
        return x @ w.t() + self.bias


torch.manual_seed(101)
net = nn.Sequential(HyperLinear(5, 8), nn.ReLU(), HyperLinear(8, 2))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for s in range(7):
    x = torch.randn(32, 5)
    y = (x[:, 0] > 0).long()
    loss = nn.functional.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(s, loss.item())
