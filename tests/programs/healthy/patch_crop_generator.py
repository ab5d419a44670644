"""Image-conditioned per-pixel kernels: a padded kernel map is generated and cropped to the valid region; random crops train."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class KernelPredict(nn.Module):
    """Kernel-predicting denoiser: softmax kernel for each pixel."""

    def __init__(self, k=3):
        super().__init__()
        self.k = k
        self.net = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, k * k, 3, padding=1))

    def forward(self, x):
        b, _, h, w = x.shape
        kern = self.net(x).softmax(1)
        patches = F.unfold(x, self.k, padding=self.k // 2).view(b, self.k**2, h, w)
        out = (kern * patches).sum(1, keepdim=True)
        m = self.k // 2 + 1
        return out[..., m:-m, m:-m], m


def main():
    torch.manual_seed(0)
    net = KernelPredict()
    opt = torch.optim.Adam(net.parameters(), lr=3e-3)
    grid = torch.linspace(0, 6, 14)
    clean = torch.stack(
        [torch.sin(grid * f)[:, None] * torch.cos(grid) for f in (0.5, 1.0, 1.5, 2.0)]
    ).unsqueeze(1)
    for step in range(12):
        i, j = torch.randint(0, 5, (2,)).tolist()
        crop = clean[..., i : i + 9, j : j + 9]
        out, m = net(crop + 0.2 * torch.randn_like(crop))
        loss = F.l1_loss(out, crop[..., m:-m, m:-m])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(loss.item())


main()
