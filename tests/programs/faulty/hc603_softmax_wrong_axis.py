"""Mixing coefficients normalised over the batch rather than over the experts."""
import torch
from torch import nn


class MixedWeights(nn.Module):
    def __init__(self, cond=5, experts=6, i=4, o=3):
        super().__init__()
        self.gate = nn.Sequential(nn.Linear(cond, 16), nn.ReLU(), nn.Linear(16, experts), nn.Softmax(dim=0))  # HC603
        self.bank = nn.Linear(experts, o * i)
        self.o, self.i = o, i

    def forward(self, c, x):
        coefficients = self.gate(c)  # HC603
        w = self.bank(coefficients).view(-1, self.o, self.i)
        return torch.einsum("boi,bi->bo", w, x)


torch.manual_seed(0)
net = MixedWeights()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for step in range(10):
    c, x = torch.randn(20, 5), torch.randn(20, 4)
    loss = (net(c, x) - x[:, :3] * c[:, :3]).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
