"""Dynamic filter network: filters generated per sample and applied by grouped conv2d."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class DynamicFilterLayer(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.k = k

    def forward(self, x, filters):
        b, c, h, w = x.shape
        weight = filters.view(b * c, 1, self.k, self.k)
        out = F.conv2d(x.reshape(1, b * c, h, w), weight, padding=self.k // 2, groups=b * c)
        return out.view(b, c, h, w)


class DFN(nn.Module):
    def __init__(self, k=5):
        super().__init__()
        self.k = k
        self.gen = nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, k * k))
        self.dyn = DynamicFilterLayer(k)
        self.post = nn.Conv2d(1, 1, 1)

    def forward(self, img, shift):
        f = F.softmax(self.gen(shift), dim=1)
        return self.post(self.dyn(img, f))


torch.manual_seed(0)
net = DFN()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for i in range(8):
    img = torch.rand(12, 1, 10, 10)
    sh = torch.randint(-2, 3, (12, 2))
    tgt = torch.stack([torch.roll(im, tuple(s.tolist()), (1, 2)) for im, s in zip(img, sh)])
    loss = F.mse_loss(net(img, sh.float() / 2), tgt)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("iter", i, "loss", loss.item())
