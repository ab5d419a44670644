"""nn.DataParallel around the model; without several GPUs it hands everything to the one module."""

import torch
import torch.nn as nn

torch.manual_seed(17)


class PointHyper(nn.Module):
    """Generates a classifier of points from a cloud, one for each sample."""

    def __init__(self, hidden=6):
        super().__init__()
        self.hidden = hidden
        self.encode = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 16))
        self.heads = nn.Linear(16, 2 * hidden + hidden)

    def forward(self, cloud, points):
        code = self.encode(cloud).amax(1)
        w, v = self.heads(code).split([2 * self.hidden, self.hidden], dim=1)
        h = torch.relu(points @ w.view(-1, 2, self.hidden))
        return (h * v.unsqueeze(1)).sum(2)


model = nn.DataParallel(PointHyper())
opt = torch.optim.Adam(model.module.parameters(), lr=3e-3)
for step in range(8):
    centre = torch.randn(16, 1, 2)
    cloud, points = centre + 0.3 * torch.randn(16, 10, 2), torch.randn(16, 12, 2)
    inside = ((points - centre).norm(dim=2) < 1).float()
    loss = nn.functional.binary_cross_entropy_with_logits(model(cloud, points), inside)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
