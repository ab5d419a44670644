import torch
import torch.nn as nn
import torch.nn.functional as F


class TileHyper(nn.Module):
    """Per-sample weights for a grouped conv; wrong layout of batch and channel (x not moved with the groups)."""

    def __init__(self, cin=3, cout=4, c=5):
        super().__init__()
        self.cin, self.cout = cin, cout
        self.gen = nn.Sequential(nn.Linear(c, 16), nn.ReLU(), nn.Linear(16, cout * cin))

    def forward(self, x, c):
        B, T, C = x.shape
        w = self.gen(c).view(self.cout, B, C).transpose(0, 1).reshape(B * self.cout, C, 1)  # HC201 HC603
        y = F.conv1d(x.transpose(1, 2).reshape(1, B * C, T), w, groups=B)  # HC201 HC603
        return y.view(B, self.cout, T).transpose(1, 2)


torch.manual_seed(0)
net = TileHyper()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for i in range(8):
    c, x = torch.randn(6, 5), torch.randn(6, 7, 3)
    y = x.sum(-1, keepdim=True) * c[:, None, :4]
    loss = F.mse_loss(net(x, c), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
