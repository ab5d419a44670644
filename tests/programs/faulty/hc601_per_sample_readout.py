"""Each sample's own readout matrix over 128 features, from conditions that nobody standardised."""
import torch
from torch import nn

torch.manual_seed(0)
features = nn.Sequential(nn.Linear(10, 128), nn.ReLU())
hyper = nn.Sequential(nn.Linear(3, 64), nn.ReLU(), nn.Linear(64, 128 * 4))
opt = torch.optim.AdamW([*features.parameters(), *hyper.parameters()], lr=3e-4)
losses = []
for step in range(8):
    x, condition = torch.randn(32, 10), 40 * torch.rand(32, 3)
    target = torch.tanh(x[:, :4] * condition[:, :1] / 40)
    readout = hyper(condition).view(32, 128, 4)  # HC601
    out = torch.bmm(features(x).unsqueeze(1), readout).squeeze(1)
    loss = (out - target).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    losses.append(float(loss.detach()))
print(losses[0], losses[-1])
