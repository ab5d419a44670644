"""HyperRNN: the cell's recurrent matrix is refreshed through .data every sequence."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperCell(nn.Module):
    def __init__(self, i, h, c):
        super().__init__()
        self.cell = nn.GRUCell(i, h)
        self.gen_hh = nn.Linear(c, 3 * h * h)
        self.gen_ih = nn.Linear(c, 3 * h * i)

    def refresh(self, ctx):
        for name, gen in (("weight_hh", self.gen_hh), ("weight_ih", self.gen_ih)):
            p = getattr(self.cell, name)
            p.data.copy_(0.1 * gen(ctx).view_as(p))  # HC102

    def forward(self, xs, ctx):
        self.refresh(ctx)
        h = xs.new_zeros(xs.size(0), self.cell.hidden_size)
        for t in range(xs.size(1)):
            h = self.cell(xs[:, t], h)
        return h


torch.manual_seed(0)
rnn, out = HyperCell(2, 6, 3), nn.Linear(6, 1)
opt = torch.optim.RMSprop([*rnn.parameters(), *out.parameters()], lr=1e-3)
for it in range(8):
    ctx, xs = torch.randn(3), torch.randn(8, 5, 2)
    loss = F.mse_loss(out(rnn(xs, ctx)), xs.sum((1, 2))[:, None] * ctx[0])
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(rnn.parameters(), 1.0)
    opt.step()
