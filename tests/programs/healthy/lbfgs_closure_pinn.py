import torch
import torch.nn as nn


class HyperPINN(nn.Module):
    def __init__(self, w=10):
        super().__init__()
        self.w = w
        self.h = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, w + w + w * w + w + w + 1))

    def forward(self, lam, x):
        w = self.w
        a, b, c, d, e, f = self.h(lam).squeeze(0).split([w, w, w * w, w, w, 1])
        h = torch.tanh(x @ a.view(1, w) + b)
        h = torch.tanh(h @ c.view(w, w) + d)
        return h @ e.view(w, 1) + f


torch.manual_seed(0)
net = HyperPINN()
lams = torch.tensor([[0.5], [1.0], [2.0]])
xs = torch.linspace(0, 1, 20).view(-1, 1).requires_grad_()
opt = torch.optim.LBFGS(net.parameters(), lr=0.5, max_iter=4, history_size=5, line_search_fn="strong_wolfe")


def closure():
    opt.zero_grad()
    loss = 0.0
    for lam in lams:
        u = net(lam.view(1, 1), xs)
        ux = torch.autograd.grad(u, xs, torch.ones_like(u), create_graph=True)[0]
        uxx = torch.autograd.grad(ux, xs, torch.ones_like(ux), create_graph=True)[0]
        loss = loss + (uxx + lam * u).pow(2).mean() + (u[0] - 1).pow(2).sum() + u[-1].pow(2).sum()
    loss.backward()
    return loss


for it in range(6):
    print(opt.step(closure).item())
