"""ReduceLROnPlateau on the validation loss; weight norms printed through .data."""

import torch
import torch.nn as nn

torch.manual_seed(33)


class InputConditioned(nn.Module):
    """second layer weights depend on the input itself"""

    def __init__(self, d=6, h=8, o=2):
        super().__init__()
        self.feat = nn.Linear(d, h)
        self.hyper = nn.Linear(d, h * o)
        self.shape = (o, h)

    def forward(self, x):
        w = self.hyper(x).view(-1, *self.shape)
        return (w * torch.tanh(self.feat(x)).unsqueeze(1)).sum(-1)


model = InputConditioned()
opt = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, factor=0.5, patience=0)
x, xv = torch.randn(40, 6), torch.randn(20, 6)
f = lambda t: torch.stack([t[:, 0] * t[:, 1], t[:, 2].abs()], 1)
for epoch in range(9):
    opt.zero_grad()
    loss = nn.functional.mse_loss(model(x), f(x))
    loss.backward()
    opt.step()
    with torch.no_grad():
        val = nn.functional.mse_loss(model(xv), f(xv))
    plateau.step(val)
    norms = {n: round(p.data.norm().item(), 3) for n, p in model.named_parameters()}
    print(epoch, loss.item(), val.item(), opt.param_groups[0]["lr"], norms)
