"""HyperRNN: the weights of each step are generated from the hyper cell's state, which begins at zero."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperRNN(nn.Module):
    def __init__(self, d=3, h=6, z=5):
        super().__init__()
        self.cell, self.h = nn.GRUCell(d, z), h
        self.gen = nn.Linear(z, h * (h + d))
        self.out = nn.Linear(h, 1)

    def forward(self, x):
        z, h = x.new_zeros(len(x), self.cell.hidden_size), torch.zeros_like(x[:, 0, :1]).expand(-1, self.h)
        for t in range(x.shape[1]):
            w = self.gen(z).view(len(x), self.h, -1) * 0.3
            h = torch.tanh(torch.bmm(w, torch.cat([h, x[:, t]], -1).unsqueeze(-1)).squeeze(-1))
            z = self.cell(x[:, t], z)
        return self.out(h)


torch.manual_seed(0)
net = HyperRNN()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for step in range(15):
    x = torch.randn(16, 5, 3)
    loss = F.mse_loss(net(x), x.sum((1, 2))[:, None])
    opt.zero_grad()
    loss.backward()
    opt.step()
