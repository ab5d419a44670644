"""The optimizer is given lazy parameters before they have a shape; the first batch makes them whole."""

import torch
import torch.nn as nn

torch.manual_seed(13)
task = nn.Embedding(4, 6)
hyper = nn.Sequential(nn.LazyLinear(24), nn.Tanh(), nn.LazyLinear(3 * 5))
head = nn.LazyLinear(1)
opt = torch.optim.Adam([*task.parameters(), *hyper.parameters(), *head.parameters()], lr=3e-3)
for step in range(8):
    index = torch.randint(0, 4, (16,))
    x = torch.randn(16, 5)
    w = hyper(task(index)).view(16, 3, 5)
    h = torch.bmm(w, x.unsqueeze(2)).squeeze(2)
    loss = (head(torch.tanh(h)) - x[:, :1] * (index.unsqueeze(1) + 1)).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
