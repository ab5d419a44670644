"""A generated vector field whose divergence is penalised with torch.func.jacrev."""

import torch
from torch import nn
from torch.func import jacrev, vmap

torch.manual_seed(0)


class FieldHyper(nn.Module):
    """Weights of a two-layer field on the plane, one set for each kind of flow."""

    def __init__(self, kinds, hidden=8):
        super().__init__()
        self.hidden = hidden
        self.codes = nn.Embedding(kinds, 4)
        self.net = nn.Sequential(nn.Linear(4, 24), nn.Tanh(), nn.Linear(24, 4 * hidden + hidden + 2))

    def forward(self, kind):
        h = self.hidden
        flat = self.net(self.codes(kind))
        w1, b1, w2, b2 = flat.split([2 * h, h, 2 * h, 2])
        return w1.view(h, 2), b1, w2.view(2, h), b2


def field(weights, z):
    w1, b1, w2, b2 = weights
    return w2 @ torch.tanh(w1 @ z + b1) + b2


hyper = FieldHyper(3)
optimizer = torch.optim.Adam(hyper.parameters(), lr=5e-3)
for step in range(9):
    kind = torch.tensor(step % 3)
    weights = hyper(kind)
    z = torch.randn(32, 2)
    target = torch.stack([-z[:, 1], z[:, 0]], 1) * (kind + 1)
    velocity = vmap(field, in_dims=(None, 0))(weights, z)
    jacobian = vmap(jacrev(field, argnums=1), in_dims=(None, 0))(weights, z)
    divergence = jacobian.diagonal(dim1=1, dim2=2).sum(1)
    loss = (velocity - target).pow(2).mean() + 0.1 * divergence.pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"step {step}: {loss.item():.4f}")
