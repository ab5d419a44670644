"""The cell weights are generated once per sequence and reused at every time step."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
I, H = 3, 8


class CellGenerator(nn.Module):
    def __init__(self, ctx):
        super().__init__()
        self.w_ih, self.w_hh, self.b = nn.Linear(ctx, H * I), nn.Linear(ctx, H * H), nn.Linear(ctx, H)

    def forward(self, c):
        return self.w_ih(c).view(-1, H, I), self.w_hh(c).view(-1, H, H), self.b(c).unsqueeze(-1)


gen, read = CellGenerator(4), nn.Linear(H, 1)
opt = torch.optim.Adam([{"params": gen.parameters()}, {"params": read.parameters(), "lr": 1e-2}], lr=3e-3)
for it in range(8):
    ctx = torch.randn(16, 4)
    seq = torch.randn(16, 10, I)
    target = (seq * torch.sigmoid(ctx[:, None, :I])).sum((1, 2)).unsqueeze(1) / 5
    w_ih, w_hh, b = gen(ctx)
    h = torch.zeros(16, H, 1)
    for t in range(seq.size(1)):
        h = torch.tanh(w_ih @ seq[:, t].unsqueeze(-1) + w_hh @ h + b)
    loss = F.mse_loss(read(h.squeeze(-1)), target)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("it", it, loss.item())
