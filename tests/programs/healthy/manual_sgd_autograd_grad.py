"""Low-rank hypernetwork updated with autograd.grad and sub_ (no .backward, no optimizer)."""

import torch
import torch.nn as nn

torch.manual_seed(1)


class LowRankHyper(nn.Module):
    def __init__(self, n, d, k, r=2):
        super().__init__()
        self.base = nn.Parameter(torch.randn(k, d) / d**0.5)
        self.u = nn.Linear(n, k * r, bias=False)
        self.v = nn.Linear(n, r * d, bias=False)
        self.k, self.d, self.r = k, d, r

    def forward(self, c):
        return self.base + torch.bmm(self.u(c).view(-1, self.k, self.r), self.v(c).view(-1, self.r, self.d))


net = LowRankHyper(3, 7, 2)
params = tuple(net.parameters())
velocity = [torch.zeros_like(p) for p in params]
for it in range(10):
    c, x = torch.randn(24, 3), torch.randn(24, 7)
    target = torch.stack([(x[:, :3] * c).sum(1), x[:, 3:].sum(1)], 1)
    out = torch.matmul(net(c), x.unsqueeze(-1)).squeeze(-1)
    loss = torch.nn.functional.huber_loss(out, target)
    grads = torch.autograd.grad(loss, params)
    with torch.no_grad():
        for p, v, g in zip(params, velocity, grads):
            v.mul_(0.8).add_(g)
            p.sub_(0.1 * v)
    print("it", it, "loss", loss.item())
