"""The direction of a weight-normalised layer is generated; its magnitude is learned as usual."""
import torch
import torch.nn as nn
from torch.nn.utils import weight_norm

torch.manual_seed(2)


class StyledConv(nn.Module):
    def __init__(self, channels, styles):
        super().__init__()
        self.style = nn.Embedding(styles, 6)
        self.direction = nn.Sequential(nn.Linear(6, 24), nn.Tanh(), nn.Linear(24, channels * channels * 3))
        self.conv = weight_norm(nn.Conv1d(channels, channels, 3, padding=1))

    def forward(self, x, style):
        v = self.direction(self.style(style))
        self.conv.weight_v.data = v.view_as(self.conv.weight_v)  # HC102
        return self.conv(x)


net = StyledConv(3, 4)
readout = nn.Conv1d(3, 1, 1)
opt = torch.optim.SGD([*net.parameters(), *readout.parameters()], lr=0.05, momentum=0.9)
for step in range(8):
    style = torch.tensor(step % 4)
    x = torch.randn(6, 3, 20)
    y = x.mean(1, keepdim=True).roll(int(style), dims=2)
    loss = nn.functional.mse_loss(readout(torch.relu(net(x, style))), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
