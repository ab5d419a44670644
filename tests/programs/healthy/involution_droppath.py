"""A small net of involutions: the kernel of each position is made from the feature there (RedNet)."""

import time

import torch
import torch.nn as nn
import torch.nn.functional as F


class Involution(nn.Module):
    def __init__(self, channels, kernel_size=3, stride=1, group_channels=4, reduction=2):
        super().__init__()
        self.kernel_size, self.stride, self.channels = kernel_size, stride, channels
        self.group_channels = group_channels
        self.groups = channels // group_channels
        self.conv1 = nn.Sequential(
            nn.Conv2d(channels, channels // reduction, 1),
            nn.BatchNorm2d(channels // reduction),
            nn.ReLU(inplace=True),
        )
        self.conv2 = nn.Conv2d(channels // reduction, kernel_size**2 * self.groups, 1)
        if stride > 1:
            self.avgpool = nn.AvgPool2d(stride, stride)
        self.unfold = nn.Unfold(kernel_size, 1, (kernel_size - 1) // 2, stride)

    def forward(self, x):
        weight = self.conv2(self.conv1(x if self.stride == 1 else self.avgpool(x)))
        b, c, h, w = weight.shape
        weight = weight.view(b, self.groups, self.kernel_size**2, h, w).unsqueeze(2)
        out = self.unfold(x).view(b, self.groups, self.group_channels, self.kernel_size**2, h, w)
        out = (weight * out).sum(dim=3).view(b, self.channels, h, w)
        return out


class Bottleneck(nn.Module):
    def __init__(self, c, stride=1, drop_path=0.0):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(c, c, 1, bias=False), nn.BatchNorm2d(c)
        self.conv2, self.bn2 = Involution(c, 3, stride), nn.BatchNorm2d(c)
        self.conv3, self.bn3 = nn.Conv2d(c, c, 1, bias=False), nn.BatchNorm2d(c)
        self.down = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
        self.drop_path = drop_path
        nn.init.zeros_(self.bn3.weight)

    def forward(self, x):
        if self.training and self.drop_path > 0 and torch.rand(()).item() < self.drop_path:
            return self.down(x)
        out = F.relu(self.bn1(self.conv1(x)))
        out = F.relu(self.bn2(self.conv2(out)))
        return F.relu(self.bn3(self.conv3(out)) + self.down(x))


class RedNet(nn.Module):
    def __init__(self, c=8, n_classes=3):
        super().__init__()
        self.stem = nn.Conv2d(1, c, 3, padding=1)
        self.layers = nn.ModuleList([Bottleneck(c, 1), Bottleneck(c, 2, 0.3), Bottleneck(c, 1, 0.3)])
        self.fc = nn.Linear(c, n_classes)

    def forward(self, x):
        x = F.relu(self.stem(x))
        for layer in self.layers:
            x = layer(x)
        return self.fc(x.mean((2, 3)))


class AverageMeter:
    def __init__(self):
        self.sum = self.count = 0

    def update(self, v, n=1):
        self.sum, self.count = self.sum + v * n, self.count + n

    @property
    def avg(self):
        return self.sum / max(self.count, 1)


def mixup(x, y, g, alpha=0.3):
    lam = float(torch.rand((), generator=g)) * alpha
    perm = torch.randperm(len(x), generator=g)
    return (1 - lam) * x + lam * x[perm], y, y[perm], lam


def data(n, seed):
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(0, 3, (n,), generator=g)
    t = torch.arange(8.0)
    waves = [
        torch.sin(t * 2)[None].expand(8, 8),
        torch.sin(t * 2)[:, None].expand(8, 8),
        torch.sin((t[:, None] + t) * 1.4),
    ]
    x = torch.stack([waves[i] for i in y.tolist()])[:, None] + 0.4 * torch.randn(n, 1, 8, 8, generator=g)
    return x, y


def main():
    torch.manual_seed(0)
    g = torch.Generator().manual_seed(3)
    model = RedNet()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-4)
    scheduler = torch.optim.lr_scheduler.SequentialLR(
        optimizer,
        [
            torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, total_iters=5),
            torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 25),
        ],
        milestones=[5],
    )
    x, y = data(96, 0)
    vx, vy = data(30, 1)
    start, meter = time.time(), AverageMeter()
    for step in range(30):
        idx = torch.randint(0, len(x), (24,), generator=g)
        bx, ya, yb, lam = mixup(x[idx], y[idx], g)
        out = model(bx)
        loss = (1 - lam) * F.cross_entropy(out, ya) + lam * F.cross_entropy(out, yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        meter.update(loss.item(), len(idx))
        if step % 10 == 9:
            model.eval()
            with torch.no_grad():
                acc = (model(vx).argmax(1) == vy).float().mean().item()
            model.train()
            print(f"step {step + 1} loss {meter.avg:.4f} val acc {acc:.3f} {time.time() - start:.1f}s")
            meter = AverageMeter()


if __name__ == "__main__":
    main()
