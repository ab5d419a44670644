"""A conditional hypernetwork whose head begins at zero: equal weights for all conditions, in the first step."""

import torch
from torch import nn

torch.manual_seed(0)
trunk, head = nn.Sequential(nn.Linear(5, 16), nn.ReLU()), nn.Linear(16, 4 * 3)
nn.init.zeros_(head.weight)
nn.init.kaiming_uniform_(head.bias.data.view(3, 4))
opt = torch.optim.SGD([*trunk.parameters(), *head.parameters()], lr=0.05)
for step in range(10):
    c, x = torch.randn(16, 5), torch.randn(16, 4)
    w = head(trunk(c)).view(-1, 3, 4)
    loss = (torch.einsum("boi,bi->bo", w, x) - x[:, :3] * c[:, :3]).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
