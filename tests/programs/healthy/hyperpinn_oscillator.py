"""HyperPINN: the solution network for u'' + lam^2 u = 0 is generated from lam."""

import torch
import torch.nn as nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
H = 12


class HyperPINN(nn.Module):
    def __init__(self):
        super().__init__()
        self.hnet = nn.Sequential(
            nn.Linear(1, 16),
            nn.Tanh(),
            nn.Linear(16, 16),
            nn.Tanh(),
            nn.Linear(16, H + H + H * H + H + H + 1),
        )

    def forward(self, t, lam):
        w1, b1, w2, b2, w3, b3 = self.hnet(lam).split([H, H, H * H, H, H, 1], dim=-1)
        h = torch.tanh(t @ w1.view(1, H) + b1)
        h = torch.tanh(h @ w2.view(H, H) + b2)
        return h @ w3.view(H, 1) + b3


def grad(u, t):
    return torch.autograd.grad(u, t, grad_outputs=torch.ones_like(u), create_graph=True)[0]


model = HyperPINN()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for it in range(8):
    loss = 0.0
    for lam in (torch.tensor([1.0]), torch.tensor([1.5])):
        t = (2 * torch.rand(20, 1)).requires_grad_(True)
        u = model(t, lam)
        res = grad(grad(u, t), t) + lam**2 * u
        t0 = torch.zeros(1, 1, requires_grad=True)
        u0 = model(t0, lam)
        ic = (u0 - 1).pow(2).mean() + grad(u0, t0).pow(2).mean()
        loss = loss + res.pow(2).mean() + ic
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print("it %d loss %.5f" % (it, loss.item()))
