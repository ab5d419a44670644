"""Per-sample MLPs through grouped conv1d; flat output of the encoder is cut into layers."""
import torch
from torch import nn
import torch.nn.functional as F


class Sizes:
    i, h, o = 2, 6, 1
    n1, n2, n3 = i * h, h * h, h * o


class Enc(nn.Module):
    def __init__(self, cdim=5):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(cdim, 24), nn.ReLU(), nn.Linear(24, Sizes.n1 + 2 * Sizes.n2 + Sizes.n3))

    def forward(self, c):
        return self.net(c)


def unpack(theta):
    B, s = theta.shape[0], Sizes
    w1 = theta[:, :s.n1].reshape(B * s.h, s.i, 1)
    w2 = theta[:, s.n1:s.n1 + s.n2].reshape(B * s.h, s.h, 1)
    w3 = theta[:, s.n1:s.n1 + s.n2].reshape(B * s.h, s.h, 1)  # HC201 HC203
    w4 = theta[:, s.n1 + 2 * s.n2:].reshape(B * s.o, s.h, 1)
    return w1, w2, w3, w4


def grouped(x, ws):
    B, T, D = x.shape
    h = x.transpose(1, 2).reshape(1, B * D, T)
    for k, w in enumerate(ws):
        h = F.conv1d(h, w, groups=B)
        if k < len(ws) - 1:
            h = F.silu(h)
    return h.view(B, -1, T).transpose(1, 2)


torch.manual_seed(29)
enc = Enc()
optimizer = torch.optim.Adam(enc.parameters(), lr=3e-3)
for step in range(7):
    c = torch.randn(6, 5)
    x = torch.rand(6, 12, 2)
    y = torch.cos(x.sum(-1, keepdim=True) + c[:, :1, None])
    out = grouped(x, unpack(enc(c)))
    loss = F.mse_loss(out, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print("step", step, loss.item())
