"""Hypernetwork with configurable extra features; an empty extra block leaves zero-sized parameters."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class FlexHyper(nn.Module):
    def __init__(self, n_static, n_extra, d_in, d_out, hidden=16):
        super().__init__()
        self.d_in, self.d_out, self.n_extra = d_in, d_out, n_extra
        self.static = nn.Parameter(torch.randn(1, n_static))
        self.extra = nn.Parameter(torch.empty(1, n_extra).normal_())
        self.lift = nn.Parameter(torch.randn(hidden, n_static) / n_static**0.5)
        self.lift_extra = nn.Parameter(torch.randn(hidden, n_extra))
        self.head = nn.Linear(hidden, d_in * d_out + d_out)

    def forward(self, x):
        h = torch.tanh(self.static @ self.lift.t() + self.extra @ self.lift_extra.t())
        theta = self.head(h).squeeze(0)
        return F.linear(
            x, theta[: self.d_in * self.d_out].view(self.d_out, self.d_in), theta[self.d_in * self.d_out :]
        )


torch.manual_seed(0)
model = FlexHyper(n_static=5, n_extra=0, d_in=7, d_out=3)
print({n: tuple(p.shape) for n, p in model.named_parameters()})
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
x = torch.randn(50, 7)
y = x[:, [0, 2, 4]].argmax(-1)
for i in range(8):
    loss = F.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(i, loss.item())
