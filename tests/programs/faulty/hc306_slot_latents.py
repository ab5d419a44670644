"""Auto-decoder INR: a latent per image, but looked up by the position in the shuffled batch."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


class AutoDecoder(nn.Module):
    def __init__(self, n, z=6, h=12):
        super().__init__()
        self.latents = nn.Parameter(torch.randn(n, z) * 0.1)
        self.hyper = nn.Sequential(nn.Linear(z, 24), nn.ReLU(), nn.Linear(24, 2 * h + h))
        self.h = h

    def forward(self, coords, n):
        z = self.latents[torch.arange(n)]  # HC306
        p = self.hyper(z)
        w1, w2 = p[:, :2 * self.h].view(n, 2, self.h), p[:, 2 * self.h:].view(n, self.h, 1)
        return torch.bmm(torch.sin(3 * torch.bmm(coords, w1)), w2)


torch.manual_seed(0)
N = 12
xy = torch.rand(30, 2) * 2 - 1
imgs = torch.sin((torch.arange(N).float().view(N, 1, 1) * 0.5 + 1) * xy[None, :, :1]) * xy[None, :, 1:]
loader = DataLoader(TensorDataset(torch.arange(N), imgs), batch_size=4, shuffle=True)
model = AutoDecoder(N)
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
for ep in range(8):
    for idx, y in loader:
        out = model(xy.expand(len(y), -1, -1), len(y))
        loss = (out - y).pow(2).mean() + 1e-4 * model.latents.pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    if ep % 3 == 0:
        print(ep, loss.item())
