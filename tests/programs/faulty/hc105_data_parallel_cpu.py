"""nn.DataParallel over a hypernetwork whose generator was put under no_grad to save memory."""
import torch
import torch.nn as nn

torch.manual_seed(17)


class PointHyper(nn.Module):
    def __init__(self, hidden=6):
        super().__init__()
        self.hidden = hidden
        self.encode = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 16))
        self.heads = nn.Linear(16, 2 * hidden)
        self.readout = nn.Linear(hidden, 1)

    def forward(self, cloud, points):
        with torch.no_grad():
            w = self.heads(self.encode(cloud).amax(1))  # HC105
        h = torch.relu(points @ w.view(-1, 2, self.hidden))
        return self.readout(h).squeeze(2)


model = nn.DataParallel(PointHyper())
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for step in range(8):
    centre = torch.randn(16, 1, 2)
    cloud, points = centre + 0.3 * torch.randn(16, 10, 2), torch.randn(16, 12, 2)
    inside = ((points - centre).norm(dim=2) < 1).float()
    loss = nn.functional.binary_cross_entropy_with_logits(model(cloud, points), inside)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
