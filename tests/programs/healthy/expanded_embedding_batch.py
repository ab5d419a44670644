"""One learned embedding, expanded to the batch, so that batched products fit: equal rows on purpose."""

import torch
from torch import nn

torch.manual_seed(0)
z, hyper = nn.Parameter(torch.randn(1, 6)), nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 4 * 3))
opt = torch.optim.Adam([z, *hyper.parameters()], lr=1e-2)
for step in range(10):
    x = torch.randn(16, 4)
    w = hyper(z.expand(16, -1)).view(16, 4, 3)
    loss = (torch.bmm(x.unsqueeze(1), w).squeeze(1) - x[:, 1:]).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
