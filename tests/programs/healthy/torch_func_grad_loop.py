"""JAX-like training: parameters in a dict, torch.func.grad_and_value, hand-written Adam."""

import torch
from torch.func import grad_and_value, vmap

torch.manual_seed(0)


def init(key_sizes):
    return {k: torch.randn(*s) * 0.3 for k, s in key_sizes.items()}


def hyper_apply(p, e):
    h = torch.tanh(e @ p["w0"] + p["b0"])
    return h @ p["w1"] + p["b1"]


def main_apply(theta, x):
    w1, b1, w2, b2 = theta[:24].view(3, 8), theta[24:32], theta[32:40].view(8, 1), theta[40:41]
    return torch.tanh(x @ w1 + b1) @ w2 + b2


def loss_fn(p, x, y):
    thetas = hyper_apply(p, p["emb"])
    pred = vmap(main_apply)(thetas, x)
    return ((pred - y) ** 2).mean()


def adam_init(p):
    return {k: (torch.zeros_like(v), torch.zeros_like(v)) for k, v in p.items()}


def adam_update(p, g, st, t, lr=1e-2, b1=0.9, b2=0.999):
    new_p, new_s = {}, {}
    for k in p:
        m = b1 * st[k][0] + (1 - b1) * g[k]
        v = b2 * st[k][1] + (1 - b2) * g[k] ** 2
        new_p[k] = p[k] - lr * (m / (1 - b1**t)) / ((v / (1 - b2**t)).sqrt() + 1e-8)
        new_s[k] = (m, v)
    return new_p, new_s


params = init({"emb": (4, 5), "w0": (5, 16), "b0": (16,), "w1": (16, 41), "b1": (41,)})
state = adam_init(params)
x = torch.randn(4, 20, 3)
y = torch.stack([torch.sin((k + 1) * x[k].sum(-1, keepdim=True)) for k in range(4)])
step_fn = grad_and_value(loss_fn)
for t in range(1, 11):
    grads, loss = step_fn(params, x, y)
    params, state = adam_update(params, grads, state, t)
    print(t, float(loss))
