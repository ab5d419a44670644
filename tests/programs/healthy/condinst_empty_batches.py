"""CondInst: a controller predicts the filters of a tiny mask head for every positive location."""

import torch
from torch import nn
from torch.nn import functional as F

CFG = dict(
    channels=4,
    in_channels=4,
    num_layers=3,
    disable_rel_coords=False,
    max_iter=28,
    base_lr=0.004,
    warmup_iters=3,
    ims_per_batch=2,
)
torch.manual_seed(2)


def compute_locations(h, w, stride):
    shift_y, shift_x = torch.meshgrid(
        torch.arange(0, h * stride, step=stride), torch.arange(0, w * stride, step=stride), indexing="ij"
    )
    return torch.stack((shift_x.reshape(-1), shift_y.reshape(-1)), dim=1).float() + stride // 2


def dice_coefficient(x, target):
    eps = 1e-5
    n_inst = x.size(0)
    x = x.reshape(n_inst, -1)
    target = target.reshape(n_inst, -1)
    intersection = (x * target).sum(dim=1)
    union = (x**2.0).sum(dim=1) + (target**2.0).sum(dim=1) + eps
    return 1.0 - (2 * intersection / union)


def parse_dynamic_params(params, channels, weight_nums, bias_nums):
    assert params.dim() == 2
    assert len(weight_nums) == len(bias_nums)
    assert params.size(1) == sum(weight_nums) + sum(bias_nums)
    num_insts = params.size(0)
    num_layers = len(weight_nums)
    params_splits = list(torch.split_with_sizes(params, weight_nums + bias_nums, dim=1))
    weight_splits = params_splits[:num_layers]
    bias_splits = params_splits[num_layers:]
    for l in range(num_layers):
        if l < num_layers - 1:
            weight_splits[l] = weight_splits[l].reshape(num_insts * channels, -1, 1, 1)
            bias_splits[l] = bias_splits[l].reshape(num_insts * channels)
        else:
            weight_splits[l] = weight_splits[l].reshape(num_insts * 1, -1, 1, 1)
            bias_splits[l] = bias_splits[l].reshape(num_insts)
    return weight_splits, bias_splits


class DynamicMaskHead(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.channels = cfg["channels"]
        self.in_channels = cfg["in_channels"]
        self.disable_rel_coords = cfg["disable_rel_coords"]
        weight_nums, bias_nums = [], []
        for l in range(cfg["num_layers"]):
            if l == 0:
                weight_nums.append((self.in_channels + (0 if self.disable_rel_coords else 2)) * self.channels)
                bias_nums.append(self.channels)
            elif l == cfg["num_layers"] - 1:
                weight_nums.append(self.channels * 1)
                bias_nums.append(1)
            else:
                weight_nums.append(self.channels * self.channels)
                bias_nums.append(self.channels)
        self.weight_nums = weight_nums
        self.bias_nums = bias_nums
        self.num_gen_params = sum(weight_nums) + sum(bias_nums)

    def mask_heads_forward(self, features, weights, biases, num_insts):
        n_layers = len(weights)
        x = features
        for i, (w, b) in enumerate(zip(weights, biases)):
            x = F.conv2d(x, w, bias=b, stride=1, padding=0, groups=num_insts)
            if i < n_layers - 1:
                x = F.relu(x)
        return x

    def forward(self, mask_feats, stride, instances, params):
        N, _, H, W = mask_feats.size()
        locations = compute_locations(H, W, stride)
        n_inst = len(instances["im_inds"])
        relative_coords = instances["locations"].reshape(-1, 1, 2) - locations.reshape(1, -1, 2)
        relative_coords = relative_coords.permute(0, 2, 1).float() / 16.0
        mask_head_inputs = torch.cat(
            [relative_coords, mask_feats[instances["im_inds"]].reshape(n_inst, self.in_channels, H * W)],
            dim=1,
        )
        mask_head_inputs = mask_head_inputs.reshape(1, -1, H, W)
        weights, biases = parse_dynamic_params(params, self.channels, self.weight_nums, self.bias_nums)
        mask_logits = self.mask_heads_forward(mask_head_inputs, weights, biases, n_inst)
        return mask_logits.reshape(-1, 1, H, W).sigmoid()


class CondInst(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 8, 3, 1, 1), nn.ReLU()
        )
        self.cls_logits = nn.Conv2d(8, 1, 3, padding=1)
        self.mask_branch = nn.Conv2d(8, cfg["in_channels"], 3, padding=1)
        self.mask_head = DynamicMaskHead(cfg)
        self.controller = nn.Conv2d(8, self.mask_head.num_gen_params, kernel_size=3, stride=1, padding=1)
        nn.init.normal_(self.controller.weight, std=0.05)
        nn.init.constant_(self.controller.bias, 0.1)

    def forward(self, images, gt=None):
        feats = self.backbone(images)
        cls, top = self.cls_logits(feats), self.controller(feats)
        mask_feats = self.mask_branch(feats)
        if gt is None:
            return cls.sigmoid()
        gt_cls = torch.zeros_like(cls)
        if len(gt["im_inds"]):
            iy, ix = gt["cells"][:, 1], gt["cells"][:, 0]
            gt_cls[gt["im_inds"], 0, iy, ix] = 1.0
            params = top[gt["im_inds"], :, iy, ix]
            scores = self.mask_head(mask_feats, 2, gt, params)
            loss_mask = dice_coefficient(scores, gt["masks"]).mean()
        else:
            loss_mask = mask_feats.sum() * 0 + top.sum() * 0
        return {"loss_cls": F.binary_cross_entropy_with_logits(cls, gt_cls), "loss_mask": loss_mask}


def make_batch(step, n):
    """every 5th batch is empty, as with crops that hold no object"""
    g = torch.Generator().manual_seed(step)
    images = 0.2 * torch.randn(n, 3, 16, 16, generator=g)
    im_inds, cells, masks = [], [], []
    for i in range(n):
        if step % 5 == 4:
            continue
        for _ in range(2):
            x, y = torch.randint(1, 6, (2,), generator=g).tolist()
            images[i, :, 2 * y - 2 : 2 * y + 4, 2 * x - 2 : 2 * x + 4] += 1.0
            m = torch.zeros(1, 8, 8)
            m[:, y - 1 : y + 2, x - 1 : x + 2] = 1.0
            im_inds.append(i), cells.append([x, y]), masks.append(m)
    if not im_inds:
        return images, {"im_inds": [], "cells": None, "masks": None, "locations": None}
    cells = torch.tensor(cells)
    return images, {
        "im_inds": torch.tensor(im_inds),
        "cells": cells,
        "masks": torch.stack(masks),
        "locations": cells.float() * 2 + 1,
    }


def build_optimizer(cfg, model):
    params = []
    for key, value in model.named_parameters():
        if not value.requires_grad:
            continue
        lr, weight_decay = cfg["base_lr"], 1e-4
        if "bias" in key:
            lr, weight_decay = 2 * lr, 0.0
        params += [{"params": [value], "lr": lr, "weight_decay": weight_decay}]
    return torch.optim.Adam(params, cfg["base_lr"])


def do_train(cfg, model):
    model.train()
    optimizer = build_optimizer(cfg, model)
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda it: min(1.0, (it + 1) / cfg["warmup_iters"]) * (0.1 if it > 22 else 1.0)
    )
    storage = []
    for iteration in range(cfg["max_iter"]):
        images, gt = make_batch(iteration, cfg["ims_per_batch"])
        loss_dict = model(images, gt)
        losses = sum(loss_dict.values())
        assert torch.isfinite(losses).all(), loss_dict
        optimizer.zero_grad()
        losses.backward()
        optimizer.step()
        scheduler.step()
        storage.append({k: v.item() for k, v in loss_dict.items()})
        if (iteration + 1) % 7 == 0:
            model.eval()
            with torch.no_grad():
                peak = model(images).max().item()
            model.train()
            print(f"iter {iteration + 1} {storage[-1]} peak {peak:.3f} lr {scheduler.get_last_lr()[0]:.4f}")
    return storage


if __name__ == "__main__":
    storage = do_train(CFG, CondInst(CFG))
    print("mask loss first", storage[0]["loss_mask"], "last", storage[-1]["loss_mask"])
