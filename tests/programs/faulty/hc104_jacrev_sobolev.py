"""Sobolev training of a generated network: value and Jacobian (torch.func.jacrev) are both fitted."""
import torch
from torch import nn
from torch.func import jacrev, vmap

torch.manual_seed(0)
HIDDEN = 10


class Hyper(nn.Module):
    def __init__(self, tasks):
        super().__init__()
        self.codes = nn.Embedding(tasks, 5)
        self.body = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 4 * HIDDEN))

    def forward(self, task):
        flat = self.body(self.codes(task)).detach()  # HC104
        return flat[: 2 * HIDDEN].view(HIDDEN, 2), flat[2 * HIDDEN : 3 * HIDDEN], flat[3 * HIDDEN :]


def net(x, w, b, v, shift):
    return torch.dot(v, torch.tanh(w @ x + b)) + shift


hyper = Hyper(2)
shift = nn.Parameter(torch.zeros(()))
opt = torch.optim.Adam([*hyper.parameters(), shift], lr=1e-2)
values = vmap(net, in_dims=(0, None, None, None, None))
slopes = vmap(jacrev(net), in_dims=(0, None, None, None, None))
for it in range(8):
    task = torch.tensor(it % 2)
    w, b, v = hyper(task)
    x = torch.rand(24, 2)
    y = (task + 1) * x.prod(1)
    dy = (task + 1) * x.flip(1)
    loss = (values(x, w, b, v, shift) - y).pow(2).mean()
    loss = loss + 0.1 * (slopes(x, w, b, v, shift) - dy).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(it, round(loss.item(), 4))
