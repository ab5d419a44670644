"""MAML (second order) with a params dict passed to the functional model."""

from collections import OrderedDict

import torch
import torch.nn as nn
import torch.nn.functional as F


class MetaLinear(nn.Linear):
    def forward(self, x, params=None):
        if params is None:
            params = OrderedDict(self.named_parameters())
        return F.linear(x, params["weight"], params.get("bias"))


def get_subdict(params, key):
    return OrderedDict((k[len(key) + 1 :], v) for k, v in params.items() if k.startswith(key + "."))


class MetaMLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = MetaLinear(1, 16), MetaLinear(16, 16), MetaLinear(16, 1)

    def forward(self, x, params):
        x = torch.tanh(self.fc1(x, get_subdict(params, "fc1")))
        x = torch.tanh(self.fc2(x, get_subdict(params, "fc2")))
        return self.fc3(x, get_subdict(params, "fc3"))


def sample_task():
    a, p = torch.rand(1) * 2 + 0.5, torch.rand(1) * 3.14

    def batch(n):
        x = torch.rand(n, 1) * 10 - 5
        return x, a * torch.sin(x + p)

    return batch


def adapt(model, params, x, y, lr, steps):
    for _ in range(steps):
        loss = F.mse_loss(model(x, params), y)
        grads = torch.autograd.grad(loss, list(params.values()), create_graph=True)
        params = OrderedDict((k, p - lr * g) for (k, p), g in zip(params.items(), grads))
    return params


if __name__ == "__main__":
    torch.manual_seed(0)
    model = MetaMLP()
    meta_optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for it in range(6):
        meta_optimizer.zero_grad()
        outer = torch.tensor(0.0)
        for _ in range(3):
            task = sample_task()
            fast = adapt(model, OrderedDict(model.named_parameters()), *task(10), lr=0.02, steps=2)
            xq, yq = task(10)
            outer = outer + F.mse_loss(model(xq, fast), yq)
        outer.div_(3)
        outer.backward()
        meta_optimizer.step()
        print(f"iteration {it}: outer loss {outer.item():.4f}")
