"""No nn.Module at all: a dict of leaf tensors, SGD written by hand under no_grad."""

import torch
import torch.nn.functional as F

torch.manual_seed(0)
P = {
    "z": torch.randn(3, 4, requires_grad=True),
    "H1": (torch.randn(16, 4) * 0.5).requires_grad_(),
    "H2": (torch.randn(5 * 2, 16) * 0.25).requires_grad_(),
    "b": torch.zeros(2, requires_grad=True),
}


def hyper(t):
    return (torch.tanh(P["z"][t] @ P["H1"].T) @ P["H2"].T).view(2, 5)


def sgd(loss, lr):
    for p in P.values():
        p.grad = None
    loss.backward()
    with torch.no_grad():
        for p in P.values():
            p -= lr * p.grad


for step in range(12):
    x, y = torch.randn(16, 5), torch.randint(0, 2, (16,))
    sgd(F.cross_entropy(F.linear(x, hyper(step % 3), P["b"]), y), 0.1)
