import torch
import torch.nn as nn
import torch.nn.functional as F


def to_tensor(value, device=None, dtype=None):
    if isinstance(value, (list, tuple)):
        value = torch.stack([to_tensor(v) for v in value])
    if not torch.is_tensor(value):
        return torch.tensor(value, device=device, dtype=dtype)
    return value.data.to(device=device, dtype=dtype)  # HC104


class ConditionedModule(nn.Module):
    """Base class: prepares the condition."""

    def prepare(self, cond):
        return to_tensor(cond, dtype=torch.float32)


class HyperDense(ConditionedModule):
    def __init__(self, c, i, o):
        super().__init__()
        self.w, self.b = nn.Linear(c, i * o), nn.Linear(c, o)
        self.i, self.o = i, o

    def forward(self, x, cond):
        cond = self.prepare(cond)
        return F.linear(x, self.w(cond).view(self.o, self.i), self.b(cond))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.cond_enc = nn.Sequential(nn.Linear(3, 8), nn.Tanh())
        self.l1, self.l2 = HyperDense(8, 4, 6), HyperDense(8, 6, 2)

    def forward(self, x, c):
        e = self.cond_enc(c)
        return self.l2(F.relu(self.l1(x, e)), e)


torch.manual_seed(0)
model = Model()
opt = torch.optim.Adam(model.parameters(), 1e-3)
for i in range(8):
    x, c = torch.randn(16, 4), torch.randn(3)
    loss = F.cross_entropy(model(x, c), (x[:, 0] > c[0]).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
