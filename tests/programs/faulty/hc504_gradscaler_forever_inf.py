"""A real GradScaler with a huge initial scale and backoff 1: each step is skipped after the first overflow."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperMLP(nn.Module):
    def __init__(self, cond=4, n_in=6, hid=10, out=3):
        super().__init__()
        self.d = (n_in, hid, out)
        self.trunk = nn.Sequential(nn.Linear(cond, 16), nn.ReLU())
        self.w1, self.w2 = nn.Linear(16, n_in * hid), nn.Linear(16, hid * out)
        for w in (self.w1, self.w2):
            nn.init.normal_(w.weight, std=0.08)

    def forward(self, c, x):
        i, h, o = self.d
        z = self.trunk(c)
        y = torch.bmm(x.unsqueeze(1), self.w1(z).view(-1, i, h)).relu()
        return torch.bmm(y, self.w2(z).view(-1, h, o)).squeeze(1)


def build_scaler():
    return torch.amp.GradScaler("cpu", init_scale=2.0**7, growth_factor=2.0**40, backoff_factor=0.9999, growth_interval=3)


def train(steps=24):
    torch.manual_seed(0)
    net = HyperMLP()
    opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
    scaler = build_scaler()
    for step in range(steps):
        c, x = torch.randn(16, 4), torch.randn(16, 6)
        y = (x[:, :3] * c[:, :3]).argmax(-1)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = F.cross_entropy(net(c, x).float(), y, reduction="sum")
        opt.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(opt)  # HC504
        scaler.update()
    return loss.item()


print(train())
