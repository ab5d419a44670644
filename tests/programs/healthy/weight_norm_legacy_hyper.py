"""Weight-normalised hypernetwork (the old hook and the new parametrization), generated kernels normalised too."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils import weight_norm
from torch.nn.utils.parametrizations import weight_norm as parametrized_weight_norm

torch.manual_seed(2)


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.style = nn.Embedding(4, 6)
        self.trunk = weight_norm(nn.Linear(6, 24))
        self.kernel = parametrized_weight_norm(nn.Linear(24, 4 * 2 * 3))
        self.gain = nn.Parameter(torch.ones(4))

    def forward(self, style):
        v = self.kernel(torch.tanh(self.trunk(self.style(style)))).view(4, 2, 3)
        return F.normalize(v, dim=(1, 2)) * self.gain.view(4, 1, 1)


hyper = Hyper()
out = weight_norm(nn.Conv1d(4, 1, 1))
opt = torch.optim.Adam([*hyper.parameters(), *out.parameters()], lr=4e-3)
for step in range(8):
    style = torch.tensor(step % 4)
    x = torch.randn(6, 2, 20)
    y = x.mean(1, keepdim=True).roll(int(style), dims=2)
    loss = F.mse_loss(out(F.elu(F.conv1d(x, hyper(style), padding=1))), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
