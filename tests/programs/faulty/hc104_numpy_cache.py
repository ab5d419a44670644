import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


def normalise_rows(w):
    """Unit-norm rows."""
    arr = w.detach().cpu().numpy()  # HC104 HC110
    arr = arr / np.linalg.norm(arr, axis=1, keepdims=True)  # HC110
    return torch.from_numpy(arr)  # HC110


class HyperLinear(nn.Module):
    def __init__(self, zdim, fin, fout):
        super().__init__()
        self.z = nn.Parameter(torch.randn(zdim))
        self.gen = nn.Linear(zdim, fin * fout)
        self.bias = nn.Parameter(torch.zeros(fout))
        self.fin, self.fout = fin, fout

    def forward(self, x):
        w = normalise_rows(self.gen(self.z).view(self.fout, self.fin))
        return F.linear(x, w, self.bias)


torch.manual_seed(0)
net = nn.Sequential(HyperLinear(4, 7, 10), nn.ReLU(), HyperLinear(4, 10, 2))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
x = torch.randn(64, 7)
y = x[:, :2].cumsum(1)
for i in range(10):
    opt.zero_grad()
    F.mse_loss(net(x), y).backward()
    opt.step()
