"""Per task: trains, then restores the best checkpoint (load_state_dict) once at the end of each task; SAM's perturb/restore."""

import copy

import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Embedding(2, 4)
        self.h = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 10))

    def forward(self, x, t):
        return F.linear(x, self.h(self.e.weight[t]).view(2, 5))


def sam_step(net, opt, closure, rho=0.05):
    opt.zero_grad()
    closure().backward()
    saved = [p.data.clone() for p in net.parameters()]
    with torch.no_grad():
        n = torch.stack([p.grad.norm() for p in net.parameters()]).norm() + 1e-12
        for p in net.parameters():
            p.add_(p.grad, alpha=(rho / n).item())
    opt.zero_grad()
    loss = closure()
    loss.backward()
    for p, s in zip(net.parameters(), saved):
        p.data = s
    opt.step()
    return loss.item()


torch.manual_seed(0)
net = Net()
for task in range(2):
    opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    best, state = 1e9, None
    x, y = torch.randn(40, 5), torch.randint(0, 2, (40,))
    for it in range(6):
        l = sam_step(net, opt, lambda: F.cross_entropy(net(x, task), y))
        if l < best:
            best, state = l, copy.deepcopy(net.state_dict())
    net.load_state_dict(state)
