"""Plain tensors with requires_grad, autograd.grad and in-place updates under no_grad (as in d2l-like notebooks)."""
import random

import torch


def synthetic(n, k):
    w = torch.randn(k, 4)
    t = torch.randint(0, k, (n,))
    x = torch.randn(n, 4)
    return t, x, torch.sigmoid((w[t] * x).sum(1))


def data_iter(bs, t, x, y):
    idx = list(range(len(x)))
    random.shuffle(idx)
    for i in range(0, len(idx), bs):
        j = torch.tensor(idx[i:i + bs])
        yield t[j], x[j], y[j]


def init_params(k, z=3, hid=16, m=6):
    E = torch.normal(0, 1, (k, z), requires_grad=True)
    W1 = torch.normal(0, 0.6, (z, hid), requires_grad=True)
    b1 = torch.zeros(hid, requires_grad=True)
    W2 = torch.normal(0, 0.3, (hid, 4 * m + m), requires_grad=True)
    b2 = torch.normal(0, 0.3, (4 * m + m,), requires_grad=True)
    return [E, W1, b1, W2, b2]


def net(params, t, x, m=6):
    E, W1, b1, W2, b2 = params
    out = torch.relu(E[t] @ W1 + b1) @ W2 + b2
    A, v = out[:, :4 * m].reshape(-1, 4, m), out[:, 4 * m:]
    return (torch.tanh(torch.bmm(x.unsqueeze(1), A).squeeze(1)) * v).sum(1)


def sgd(params, lr):
    with torch.no_grad():
        for p in params:
            p -= lr * p.grad
            p.grad.zero_()


torch.manual_seed(0), random.seed(0)
t, x, y = synthetic(256, 5)
params = init_params(5)
for epoch in range(6):
    for bt, bx, by in data_iter(64, t, x, y):
        l = ((net(params, bt, bx) - by) ** 2 / 2).mean()  # HC403
        l.backward()
        sgd(params, 0.3)
    with torch.no_grad():
        print(f"epoch {epoch + 1}, loss {((net(params, t, x) - y) ** 2).mean().item():f}")
