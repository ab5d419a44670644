"""SOLOv2-like: a kernel branch on an S x S grid; only the cells that hold an object centre are used; the rest are categories."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(41)
S, E = 4, 6


class SOLOv2Head(nn.Module):
    def __init__(self, c=8):
        super().__init__()
        self.kernel_convs = nn.Sequential(nn.Conv2d(c + 2, c, 3, padding=1), nn.GroupNorm(2, c), nn.ReLU())
        self.cate_convs = nn.Sequential(nn.Conv2d(c, c, 3, padding=1), nn.GroupNorm(2, c), nn.ReLU())
        self.solo_kernel, self.solo_cate = nn.Conv2d(c, E, 3, padding=1), nn.Conv2d(c, 1, 3, padding=1)

    def forward(self, feat):
        b, _, h, w = feat.shape
        y, x = torch.meshgrid(torch.linspace(-1, 1, h), torch.linspace(-1, 1, w), indexing="ij")
        kernel_feat = torch.cat([feat, torch.stack([x, y])[None].expand(b, -1, -1, -1)], 1)
        kernel_feat = F.interpolate(kernel_feat, size=S, mode="bilinear", align_corners=False)
        kernel = self.solo_kernel(self.kernel_convs(kernel_feat))
        cate = self.solo_cate(
            self.cate_convs(F.interpolate(feat, size=S, mode="bilinear", align_corners=False))
        )
        return cate, kernel


class SOLOv2(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()
        )
        self.mask_feat = nn.Sequential(nn.Conv2d(8, E, 1), nn.Tanh())
        self.head = SOLOv2Head()

    def forward(self, x):
        f = self.backbone(x)
        return (*self.head(f), self.mask_feat(f))

    def loss(self, x, targets):
        cate, kernels, feats = self(x)
        cate_t = torch.zeros_like(cate)
        ins = []
        for b, objs in enumerate(targets):
            kernel_pred = kernels[b].permute(1, 2, 0).reshape(-1, E)
            grid_order = []
            for cell, _ in objs:
                grid_order.append(cell)
                cate_t[b, 0, cell // S, cell % S] = 1
            kernel_pred = kernel_pred[grid_order]
            N, I = kernel_pred.shape
            H, W = feats.shape[-2:]
            pred = F.conv2d(feats[b : b + 1], kernel_pred.view(N, I, 1, 1)).view(N, H, W).sigmoid()
            ins.append((pred, torch.stack([m for _, m in objs])))
        dice = torch.cat(
            [1 - 2 * (p * t).sum((1, 2)) / ((p * p).sum((1, 2)) + (t * t).sum((1, 2)) + 1e-3) for p, t in ins]
        ).mean()
        return 3 * dice, F.binary_cross_entropy_with_logits(cate, cate_t)


def batch(n, g):
    x, targets = 0.1 * torch.randn(n, 1, 16, 16, generator=g), []
    for i in range(n):
        objs = []
        for cell in torch.randperm(S * S, generator=g)[:2].tolist():
            r, c = cell // S * 4, cell % S * 4
            m = torch.zeros(16, 16)
            m[r : r + 4, c : c + 4] = 1
            x[i, 0] += m
            objs.append((cell, m))
        targets.append(objs)
    return x, targets


def main():
    model, g = SOLOv2(), torch.Generator().manual_seed(0)
    opt = torch.optim.AdamW(model.parameters(), lr=1e-2)
    sched = torch.optim.lr_scheduler.MultiStepLR(opt, [20, 26], 0.3)
    hist = []
    for it in range(30):
        ins, cate = model.loss(*batch(3, g))
        loss = ins + cate
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 35)
        opt.step()
        sched.step()
        hist.append(loss.item())
        if it % 10 == 9:
            print(it + 1, "ins", round(ins.item(), 4), "cate", round(cate.item(), 4))
    print("first", sum(hist[:3]) / 3, "last", sum(hist[-3:]) / 3)


main()
