"""Unusual styles: __call__ objects, setattr loops, closures, modules attr shadowed, lambda layers, param groups by name."""

import types

import torch
import torch.nn as nn
import torch.nn.functional as F


class Hyp(nn.Module):
    def __init__(self, **shapes):
        super().__init__()
        self.children = list(shapes)
        for k, s in shapes.items():
            setattr(self, "gen_" + k, nn.Linear(5, torch.Size(s).numel()))
            self.register_buffer("shape_" + k, torch.tensor(s))
        self.code = nn.Parameter(torch.empty(2, 5).uniform_(-1, 1))

    def __call__(self, t):
        ns = types.SimpleNamespace()
        for k in self.children:
            s = getattr(self, "shape_" + k).tolist()
            setattr(ns, k, getattr(self, "gen_" + k)(self.code[t]).reshape(*s))
        return ns


torch.manual_seed(0)
hyp = Hyp(w1=(7, 4), b1=(7,), w2=(2, 7))
named = list(hyp.named_parameters())
opt = torch.optim.SGD(
    [
        {"params": [p for n, p in named if "code" in n], "lr": 0.1},
        {"params": [p for n, p in named if "code" not in n]},
    ],
    lr=0.01,
)


def make_step(hyp, opt):
    def step(x, y, t):
        w = hyp(t)
        h = torch.addmm(w.b1, x, w.w1.t()).relu()
        loss = F.nll_loss((h @ w.w2.T).log_softmax(1), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        return float(loss)

    return step


step = make_step(hyp, opt)
print([round(step(torch.randn(12, 4), torch.randint(0, 2, (12,)), i % 2), 2) for i in range(10)])
