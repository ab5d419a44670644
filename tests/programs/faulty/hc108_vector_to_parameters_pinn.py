import torch
from torch import nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

torch.manual_seed(0)


class PINN(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2, self.l3 = nn.Linear(2, 12), nn.Linear(12, 12), nn.Linear(12, 1)

    def forward(self, x, t):
        h = torch.tanh(self.l1(torch.stack([x, t], -1)))
        return self.l3(torch.tanh(self.l2(h))).squeeze(-1)


pinn = PINN()
theta0 = parameters_to_vector(pinn.parameters()).detach()
hyper = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, theta0.numel()))
opt = torch.optim.Adam(hyper.parameters(), 1e-3)


def residual(nu, x, t):
    u = pinn(x, t)
    ux, ut = torch.autograd.grad(u.sum(), (x, t), create_graph=True)
    uxx = torch.autograd.grad(ux.sum(), x, create_graph=True)[0]
    return ut + u * ux - nu * uxx


for it in range(8):
    nu = torch.rand(1) * 0.1 + 0.01
    vector_to_parameters(
        theta0 + 0.1 * hyper(nu),
        pinn.parameters(),
    )  # HC108
    x = torch.rand(30, requires_grad=True)
    t = torch.rand(30, requires_grad=True)
    ic = (pinn(x, torch.zeros_like(t)) + torch.sin(torch.pi * x)).pow(2).mean()
    loss = residual(nu, x, t).pow(2).mean() + ic
    opt.zero_grad()
    loss.backward()
    opt.step()
