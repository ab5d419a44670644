"""A recurrent generator whose state begins as zeros_like of the data: the weights of the first step have no condition."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Cell(nn.Module):
    def __init__(self, d=4, z=4):
        super().__init__()
        self.gen, self.up, self.d = nn.Linear(z, 2 * d), nn.Linear(2, z), d

    def forward(self, x):
        z = torch.zeros_like(x[:, 0])
        out = 0
        for t in range(x.shape[1]):
            w = self.gen(z).view(-1, 2, self.d)
            y = torch.bmm(w, x[:, t].unsqueeze(-1)).squeeze(-1)
            z = torch.tanh(self.up(y)) + z
            out = out + y
        return out


torch.manual_seed(0)
net = Cell()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for step in range(15):
    x = torch.randn(16, 5, 4)
    loss = F.mse_loss(net(x), x.sum(1)[:, :2])
    opt.zero_grad()
    loss.backward()
    opt.step()
