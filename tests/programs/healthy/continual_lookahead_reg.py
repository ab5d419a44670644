"""Continual hypernetwork training; the regulariser looks ahead along the optimiser step."""

import math

import torch
from torch import nn

torch.manual_seed(10)
T, E, P = 3, 4, 4 * 6 + 4

emb = nn.ParameterList([nn.Parameter(torch.randn(E)) for _ in range(T)])
W1, b1 = nn.Parameter(torch.randn(14, E) / 2), nn.Parameter(torch.zeros(14))
W2, b2 = nn.Parameter(torch.randn(P, 14) / math.sqrt(14)), nn.Parameter(torch.zeros(P))
theta = [W1, b1, W2, b2]


def hyper(e, th):
    w1, c1, w2, c2 = th
    return w2 @ torch.tanh(w1 @ e + c1) + c2


def model(x, p):
    return x @ p[:24].view(4, 6).t() + p[24:]


lr, beta = 0.05, 0.1
for t in range(T):
    old = [hyper(emb[j], theta).detach().clone() for j in range(t)]
    opt_theta = torch.optim.SGD(theta, lr=lr)
    opt_emb = torch.optim.SGD([emb[t]], lr=lr)
    for it in range(4):
        x = torch.randn(24, 6)
        y = x[:, t : t + 4].argmax(-1)
        loss = nn.functional.cross_entropy(model(x, hyper(emb[t], theta)), y)
        opt_theta.zero_grad()
        opt_emb.zero_grad()
        loss.backward()
        opt_emb.step()
        if t:
            dtheta = [-lr * p.grad.detach().clone() for p in theta]
            reg = (
                sum(
                    (hyper(emb[j], [p + d for p, d in zip(theta, dtheta)]) - old[j]).pow(2).sum()
                    for j in range(t)
                )
                / t
            )
            (beta * reg).backward()
        opt_theta.step()
        print("task", t, "iter", it, "loss", round(loss.item(), 4))
