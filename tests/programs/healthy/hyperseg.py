"""HyperSeg-like: a context head maps the coarsest features to the weights of patch-wise dynamic convolutions in the decoder."""

import argparse
import os
import tempfile

import torch
import torch.nn as nn
import torch.nn.functional as F


class MetaConv2d(nn.Module):
    """a convolution with a weight of its own for each sample (groups = batch)"""

    def __init__(self, in_channels, out_channels, kernel_size=1, padding=0):
        super().__init__()
        self.in_channels, self.out_channels, self.kernel_size, self.padding = (
            in_channels,
            out_channels,
            kernel_size,
            padding,
        )

    @property
    def hyper_params(self):
        return self.out_channels * self.in_channels * self.kernel_size**2

    def forward(self, x, w):
        b, c, h, wd = x.shape
        w = w.reshape(b * self.out_channels, self.in_channels, self.kernel_size, self.kernel_size)
        out = F.conv2d(x.reshape(1, b * c, h, wd), w, padding=self.padding, groups=b)
        return out.view(b, self.out_channels, out.shape[-2], out.shape[-1])


class MetaPatch(nn.Module):
    def __init__(self, module, padding=0):
        super().__init__()
        self.hyper_module = module
        self.padding = (padding,) * 4

    @property
    def hyper_params(self):
        return self.hyper_module.hyper_params

    def forward(self, x, weight):
        b, c, h, w = x.shape
        fh, fw = weight.shape[-2:]
        ph, pw = h // fh, w // fw
        kh, kw = ph + self.padding[0] * 2, pw + self.padding[0] * 2
        weight = weight.permute(0, 2, 3, 1).reshape(-1, weight.shape[1]).contiguous()
        x = F.pad(x, self.padding, mode="reflect") if self.padding[0] else x
        x = F.unfold(x, (kh, kw), stride=(ph, pw))
        x = x.transpose(1, 2).reshape(-1, c, kh, kw).contiguous()
        x = self.hyper_module(x, weight)
        x = x.view(b, fh * fw, -1, ph * pw).permute(0, 2, 3, 1).reshape(b, -1, fh * fw)
        return F.fold(x, (h, w), kernel_size=(ph, pw), stride=(ph, pw))


class WeightMapper(nn.Module):
    """coarse features -> a map of signals, cut to pieces for the levels, each piece to the weights by a 1x1 convolution"""

    def __init__(self, in_ch, signal_chs, hyper_params):
        super().__init__()
        self.signal_chs = signal_chs
        self.to_signal = nn.Sequential(
            nn.Conv2d(in_ch, 12, 1), nn.BatchNorm2d(12), nn.ReLU(), nn.Conv2d(12, sum(signal_chs), 1)
        )
        self.to_weights = nn.ModuleList(
            [nn.Conv2d(s, hp, 1, bias=False) for s, hp in zip(signal_chs, hyper_params)]
        )

    def forward(self, x):
        signal = self.to_signal(x)
        return [conv(s) for conv, s in zip(self.to_weights, signal.split(self.signal_chs, dim=1))]


class HyperSeg(nn.Module):
    def __init__(self, num_classes=3):
        super().__init__()
        self.enc = nn.ModuleList(
            [
                nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU()),
                nn.Sequential(nn.Conv2d(6, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8), nn.ReLU()),
                nn.Sequential(nn.Conv2d(8, 10, 3, stride=2, padding=1), nn.BatchNorm2d(10), nn.ReLU()),
            ]
        )
        self.levels = nn.ModuleList(
            [
                MetaPatch(MetaConv2d(10 + 2, 6)),
                MetaPatch(MetaConv2d(6 + 8 + 2, 6, 3), 1),
                MetaPatch(MetaConv2d(6 + 6 + 2, num_classes)),
            ]
        )
        self.norms = nn.ModuleList([nn.BatchNorm2d(6), nn.BatchNorm2d(6)])
        self.head = WeightMapper(10, [4, 5, 3], [l.hyper_params for l in self.levels])

    @staticmethod
    def coords(x):
        b, _, h, w = x.shape
        y, xx = torch.meshgrid(torch.linspace(-1, 1, h), torch.linspace(-1, 1, w), indexing="ij")
        return torch.stack([xx, y])[None].expand(b, -1, -1, -1)

    def forward(self, x):
        feats = []
        for e in self.enc:
            x = e(x)
            feats.append(x)
        weights = self.head(F.adaptive_avg_pool2d(feats[-1], 2))
        p = feats[-1]
        for i, level in enumerate(self.levels):
            if i > 0:
                f = feats[-1 - i]
                p = torch.cat(
                    [F.interpolate(p, size=f.shape[-2:], mode="bilinear", align_corners=False), f], dim=1
                )
            p = level(torch.cat([p, self.coords(p)], dim=1), weights[i])
            if i < len(self.norms):
                p = F.relu(self.norms[i](p))
        return p


class PolyLR(torch.optim.lr_scheduler.LRScheduler):
    def __init__(self, optimizer, max_iter, power=0.9):
        self.max_iter, self.power = max_iter, power
        super().__init__(optimizer)

    def get_lr(self):
        f = (1 - min(self.last_epoch, self.max_iter - 1) / self.max_iter) ** self.power
        return [base * f for base in self.base_lrs]


class BootstrappedCE(nn.Module):
    def __init__(self, k=0.4):
        super().__init__()
        self.k = k

    def forward(self, pred, target):
        loss = F.cross_entropy(pred, target, reduction="none").flatten(1)
        return loss.topk(int(self.k * loss.shape[1]), dim=1)[0].mean()


def make_data(n, seed):
    g = torch.Generator().manual_seed(seed)
    x, y = 0.2 * torch.randn(n, 3, 16, 16, generator=g), torch.zeros(n, 16, 16, dtype=torch.long)
    for i in range(n):
        for c in (1, 2):
            r, s = torch.randint(0, 10, (2,), generator=g).tolist()
            x[i, c, r : r + 6, s : s + 6] += 1.5
            y[i, r : r + 6, s : s + 6] = c
    return x, y


def process_epoch(model, data, criterion, optimizer=None, scheduler=None, batch_size=4):
    is_train = optimizer is not None
    model.train(is_train)
    total, correct = 0.0, 0.0
    with torch.set_grad_enabled(is_train):
        for i in range(0, len(data[0]), batch_size):
            x, y = data[0][i : i + batch_size], data[1][i : i + batch_size]
            pred = model(x)
            loss = criterion(pred, y)
            if is_train:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                scheduler.step()
            total += loss.item()
            correct += (pred.argmax(1) == y).float().mean().item()
    n = len(data[0]) // batch_size
    return total / n, correct / n


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-e", "--epochs", type=int, default=5)
    parser.add_argument("--lr", type=float, default=1e-2)
    args = parser.parse_args()
    torch.manual_seed(3)
    model = HyperSeg()
    train_data, val_data = make_data(24, 0), make_data(8, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr, betas=(0.5, 0.999))
    scheduler = PolyLR(optimizer, args.epochs * 6)
    criterion, best, exp_dir = BootstrappedCE(), 0.0, tempfile.mkdtemp()
    for epoch in range(args.epochs):
        loss, acc = process_epoch(model, train_data, criterion, optimizer, scheduler)
        val_loss, val_acc = process_epoch(model, val_data, criterion)
        print(
            f"TRAINING: Epoch: {epoch + 1} / {args.epochs} loss {loss:.4f} acc {acc:.3f} | VALIDATION: loss {val_loss:.4f} acc {val_acc:.3f}"
        )
        if val_acc > best:
            best = val_acc
            torch.save(
                {"epoch": epoch, "state_dict": model.state_dict(), "optimizer": optimizer.state_dict()},
                os.path.join(exp_dir, "model_best.pth"),
            )


if __name__ == "__main__":
    main()
