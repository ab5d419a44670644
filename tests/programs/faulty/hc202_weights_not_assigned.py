import torch
import torch.nn as nn
import torch.nn.functional as F


class Dense(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(o, i) / i**0.5)
        self.bias = nn.Parameter(torch.zeros(o))

    def forward(self, x, params=None):
        weight, bias = self.weight, self.bias
        if params is not None and "weights" in params:
            weight, bias = params["weights"], params["bias"]
        return F.linear(x, weight, bias)  # HC202


class Target(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = Dense(5, 9), Dense(9, 2)

    def forward(self, x, params):
        return self.b(torch.relu(self.a(x, params["a"])), params["b"])


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.cond = nn.Embedding(3, 4)
        self.a_w, self.a_b = nn.Linear(4, 45), nn.Linear(4, 9)
        self.b_w, self.b_b = nn.Linear(4, 18), nn.Linear(4, 2)

    def forward(self, i):
        e = self.cond(i)
        return {
            "a": {"weight": self.a_w(e).view(9, 5), "bias": self.a_b(e)},
            "b": {"weight": self.b_w(e).view(2, 9), "bias": self.b_b(e)},
        }


torch.manual_seed(0)
target, hyper = Target(), Hyper()
opt = torch.optim.Adam([*target.parameters(), *hyper.parameters()], lr=1e-3)
for k in range(9):
    x = torch.randn(12, 5)
    y = torch.randint(0, 2, (12,))
    loss = F.cross_entropy(target(x, hyper(torch.tensor(k % 3))), y)  # HC202
    opt.zero_grad()
    loss.backward()
    opt.step()
