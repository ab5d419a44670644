"""Reptile on sine regression."""

from copy import deepcopy

import numpy as np
import torch
from torch import nn

seed = 0
innerstepsize, innerepochs, outerstepsize0, niterations = 0.02, 1, 0.1, 6
rng = np.random.RandomState(seed)
torch.manual_seed(seed)
x_all = np.linspace(-5, 5, 20)[:, None]
ntrain = 10


def gen_task():
    phase, ampl = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 5.0)
    return lambda x: np.sin(x + phase) * ampl


model = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))


def totorch(x):
    return torch.tensor(x, dtype=torch.float32)


def train_on_batch(x, y):
    x, y = totorch(x), totorch(y)
    model.zero_grad()
    loss = (model(x) - y).pow(2).mean()
    loss.backward()
    for param in model.parameters():
        param.data -= innerstepsize * param.grad.data
    return loss.item()


for iteration in range(niterations):
    weights_before = deepcopy(model.state_dict())
    f = gen_task()
    y_all = f(x_all)
    for _ in range(innerepochs):
        inds = rng.permutation(len(x_all))
        for start in range(0, len(x_all), ntrain):
            mb = inds[start : start + ntrain]
            l = train_on_batch(x_all[mb], y_all[mb])
    weights_after = model.state_dict()
    outerstepsize = outerstepsize0 * (1 - iteration / niterations)
    model.load_state_dict(
        {
            name: weights_before[name] + (weights_after[name] - weights_before[name]) * outerstepsize
            for name in weights_before
        }
    )
    print("iteration %d  inner loss %.4f" % (iteration + 1, l))
