import torch
import torch.nn as nn
import torch.nn.functional as F


class Vec2Net(nn.Module):
    """Loads a flat vector into a template net each call."""

    def __init__(self, net):
        super().__init__()
        self.net = net
        self.n = sum(p.numel() for p in net.parameters())

    def forward(self, flat, x):
        nn.utils.vector_to_parameters(flat, self.net.parameters())  # HC108
        return self.net(x)


class LatentODE(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = Vec2Net(nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 3)))
        self.enc = nn.Linear(12, 16)
        self.theta = nn.Linear(16, self.f.n)
        self.z0 = nn.Linear(16, 3)
        self.dec = nn.Linear(3, 2)

    def forward(self, s):
        h = torch.tanh(self.enc(s.flatten()))
        th, z, out = self.theta(h), self.z0(h), []
        for _ in range(4):
            z = z + 0.2 * self.f(th, z)
            out.append(self.dec(z))
        return torch.stack(out)


torch.manual_seed(0)
m = LatentODE()
opt = torch.optim.Adam(m.parameters(), lr=1e-3)
for it in range(8):
    t = torch.linspace(0, 2, 10) + torch.rand(1)
    s = torch.stack([t.sin(), t.cos()], -1)
    loss = F.mse_loss(m(s[:6]), s[6:])
    opt.zero_grad()
    loss.backward()
    opt.step()
