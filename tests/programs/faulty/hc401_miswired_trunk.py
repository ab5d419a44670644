"""Noise-conditioned (Bayesian) hypernetwork; every layer of the generator is applied in a loop."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class ImplicitPosterior(nn.Module):
    def __init__(self, noise=3, units=(8, 8), out=2 * 5 + 5):
        super().__init__()
        self.noise = noise
        self.inp = nn.ModuleList([nn.Linear(noise, u) for u in units])
        self.last = nn.Linear(units[-1], out)

    def forward(self, S):
        w_z = torch.randn(S, self.noise)
        for layer in self.inp:
            h = torch.relu(layer(w_z))  # HC401
        return self.last(h)


torch.manual_seed(0)
q = ImplicitPosterior()
readout = nn.Parameter(torch.randn(5) * 0.4)
opt = torch.optim.Adam([*q.parameters(), readout], lr=3e-3)
x = torch.randn(40, 2)
y = x[:, 0] * x[:, 1]
for it in range(8):
    theta = q(4)
    W, b = theta[:, :10].view(-1, 5, 2), theta[:, 10:].unsqueeze(1)
    f = torch.tanh(torch.einsum("soi,ni->sno", W, x) + b) @ readout
    nll = (f - y).pow(2).mean()
    loss = nll + 1e-3 * theta.pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(it, nll.item())
