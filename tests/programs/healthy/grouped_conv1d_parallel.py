"""Batch of generated MLPs evaluated as one grouped Conv1d."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
DIMS = [6, 10, 3]


class HyperNetwork(nn.Module):
    def __init__(self, cond_dim, dims):
        super().__init__()
        self.dims = dims
        self.w_sizes = [a * b for a, b in zip(dims, dims[1:])]
        self.b_sizes = dims[1:]
        n = sum(self.w_sizes) + sum(self.b_sizes)
        self.net = nn.Sequential(nn.Linear(cond_dim, 16), nn.Tanh(), nn.Linear(16, n))

    def forward(self, c):
        out = self.net(c)
        parts = out.split(self.w_sizes + self.b_sizes, 1)
        k = len(self.w_sizes)
        return parts[:k], parts[k:]


def parallel_mlp(x, ws, bs, dims):
    """x: B x T x d_in"""
    B, T, _ = x.shape
    h = x.transpose(1, 2).reshape(1, B * dims[0], T)
    for k, (w, b) in enumerate(zip(ws, bs)):
        h = F.conv1d(h, w.reshape(B * dims[k + 1], dims[k], 1), b.reshape(-1), groups=B)
        if k < len(ws) - 1:
            h = F.silu(h)
    return h.view(B, dims[-1], T).transpose(1, 2)


hnet = HyperNetwork(4, DIMS)
opt = torch.optim.Adam(hnet.parameters(), lr=3e-3)
for step in range(8):
    c = torch.randn(12, 4)
    x = torch.randn(12, 7, 6)
    y = torch.stack([x[..., 0] * c[:, :1], x[..., 1] + c[:, 1:2], x[..., 2] * 0 + c[:, 2:3]], -1)
    loss = F.mse_loss(parallel_mlp(x, *hnet(c), DIMS), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("Step %d loss %.4f" % (step, loss.item()))
