"""Generated radiance fields: samples behind the far plane are cut off, rays are subsampled, empty rays are skipped."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class SceneHyper(nn.Module):
    def __init__(self, scenes=3, code=5, hid=8):
        super().__init__()
        self.hid = hid
        self.code = nn.Embedding(scenes, code)
        self.trunk = nn.Sequential(nn.Linear(code, 16), nn.ReLU())
        self.l1, self.l2 = nn.Linear(16, hid * 2 + hid), nn.Linear(16, 2 * hid + 2)
        for l in (self.l1, self.l2):
            nn.init.normal_(l.weight, std=0.15)

    def forward(self, s):
        z = self.trunk(self.code(s))
        w1, b1 = self.l1(z).split([2 * self.hid, self.hid], -1)
        w2, b2 = self.l2(z).split([2 * self.hid, 2], -1)
        return w1.view(self.hid, 2), b1, w2.view(2, self.hid), b2


def field(p, w):
    h = torch.relu(F.linear(p, w[0], w[1]))
    out = F.linear(h, w[2], w[3])
    return F.softplus(out[..., 0]), torch.sigmoid(out[..., 1])


def render(w, angle, n=10, far=0.9):
    t = torch.linspace(0, 1.2, n)
    d = torch.stack([angle.cos(), angle.sin()], -1)
    pts = d[:, None] * t[None, :, None]
    sigma, color = field(pts, w)
    sigma = torch.where(t < far, sigma, torch.zeros_like(sigma))
    alpha = 1 - torch.exp(-sigma * (t[1] - t[0]))
    trans = torch.cumprod(torch.cat([torch.ones_like(alpha[:, :1]), 1 - alpha[:, :-1] + 1e-6], 1), 1)
    return (alpha * trans * color).sum(1)


def main():
    torch.manual_seed(0)
    net = SceneHyper()
    opt = torch.optim.Adam(net.parameters(), lr=4e-3)
    for step in range(15):
        s = step % 3
        angle = torch.rand(32) * 6.28
        rays = angle[torch.randperm(32)[:16]]
        target = 0.3 + 0.2 * torch.sin((s + 1) * rays)
        hit = target > 0.15
        loss = F.mse_loss(render(net(torch.tensor(s)), rays)[hit], target[hit])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(loss.item())


main()
