"""Mobile-net like classifier with CondConv layers: a routing function mixes expert kernels for every sample."""
import argparse
import copy
import math
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def get_condconv_initializer(initializer, num_experts, expert_shape):
    def condconv_initializer(weight):
        num_params = np.prod(expert_shape)
        if len(weight.shape) != 2 or weight.shape[0] != num_experts or weight.shape[1] != num_params:
            raise ValueError('CondConv variables must have shape [num_experts, num_params]')
        for i in range(num_experts):
            initializer(weight[i].view(expert_shape))
    return condconv_initializer


class CondConv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size=3, stride=1, padding=1, bias=False, num_experts=4):
        super().__init__()
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride, self.padding = (kernel_size, kernel_size), stride, padding
        self.num_experts = num_experts
        self.weight_shape = (out_channels, in_channels) + self.kernel_size
        self.weight = nn.Parameter(torch.empty(num_experts, int(np.prod(self.weight_shape))))
        if bias:
            self.bias_shape = (out_channels,)
            self.bias = nn.Parameter(torch.empty(num_experts, out_channels))
        else:
            self.register_parameter('bias', None)
        self.reset_parameters()

    def reset_parameters(self):
        with torch.no_grad():
            get_condconv_initializer(partial(nn.init.kaiming_uniform_, a=math.sqrt(5)), self.num_experts, self.weight_shape)(self.weight)
            if self.bias is not None:
                bound = 1 / math.sqrt(np.prod(self.weight_shape[1:]))
                get_condconv_initializer(partial(nn.init.uniform_, a=-bound, b=bound), self.num_experts, self.bias_shape)(self.bias)

    def forward(self, x, routing_weights):
        B, C, H, W = x.shape
        weight = torch.matmul(routing_weights, self.weight)
        weight = weight.view((B * self.out_channels, self.in_channels) + self.kernel_size)
        bias = None
        if self.bias is not None:
            bias = torch.matmul(routing_weights, self.bias)
            bias = bias.view(B * self.out_channels)
        x = x.permute(1, 0, 2, 3).reshape(1, B * C, H, W)  # HC603 HC201
        x = F.conv2d(x, weight, bias, stride=self.stride, padding=self.padding, groups=B)
        return x.permute([1, 0, 2, 3]).view(B, self.out_channels, x.shape[-2], x.shape[-1])


class CondConvResidual(nn.Module):
    def __init__(self, in_chs, out_chs, num_experts=4, temperature=1.0):
        super().__init__()
        self.routing_fn = nn.Linear(in_chs, num_experts)
        self.conv_pw = CondConv2d(in_chs, out_chs, 1, padding=0, bias=True, num_experts=num_experts)
        self.bn1 = nn.BatchNorm2d(out_chs)
        self.conv_dw = CondConv2d(out_chs, out_chs, 3, num_experts=num_experts)
        self.bn2 = nn.BatchNorm2d(out_chs)
        self.has_residual = in_chs == out_chs
        self.temperature = temperature

    def forward(self, x):
        shortcut = x
        pooled_inputs = F.adaptive_avg_pool2d(x, 1).flatten(1)
        routing_weights = torch.sigmoid(self.routing_fn(pooled_inputs) / self.temperature)
        x = F.silu(self.bn1(self.conv_pw(x, routing_weights)))
        x = self.bn2(self.conv_dw(x, routing_weights))
        if self.has_residual:
            x = x + shortcut
        return x


class Net(nn.Module):
    def __init__(self, num_classes=4):
        super().__init__()
        self.conv_stem = nn.Conv2d(3, 6, 3, padding=1, bias=False)
        self.blocks = nn.ModuleList([CondConvResidual(6, 6), CondConvResidual(6, 10)])
        self.classifier = nn.Linear(10, num_classes)

    def forward(self, x):
        x = F.silu(self.conv_stem(x))
        for block in self.blocks:
            x = block(x)
        return self.classifier(x.mean((2, 3)))


class ModelEma:
    def __init__(self, model, decay=0.9):
        self.module = copy.deepcopy(model).eval()
        for p in self.module.parameters():
            p.requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, model):
        for ema_v, model_v in zip(self.module.state_dict().values(), model.state_dict().values()):
            if ema_v.dtype.is_floating_point:
                ema_v.copy_(self.decay * ema_v + (1. - self.decay) * model_v)
            else:
                ema_v.copy_(model_v)


def anneal_temperature(model, epoch):
    """high temperature in the first epochs, 1 afterwards"""
    for m in model.modules():
        if isinstance(m, CondConvResidual):
            m.temperature = max(1.0, 4.0 - 3.0 * epoch)


def param_groups_weight_decay(model, weight_decay):
    decay, no_decay = [], []
    for name, param in model.named_parameters():
        if not param.requires_grad:
            continue
        (no_decay if param.ndim <= 1 or name.endswith('.bias') else decay).append(param)
    return [{'params': no_decay, 'weight_decay': 0.}, {'params': decay, 'weight_decay': weight_decay}]


def loader(n, bs, seed):
    g = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 4
    x = 0.3 * torch.randn(n, 3, 8, 8, generator=g)
    for i in range(n):
        r, c = divmod(int(y[i]), 2)
        x[i, int(y[i]) % 3, 4 * r:4 * r + 4, 4 * c:4 * c + 4] += 1.0
    perm = torch.randperm(n, generator=g)
    return [(x[perm[i:i + bs]], y[perm[i:i + bs]]) for i in range(0, n, bs)]


def train_one_epoch(epoch, model, batches, optimizer, loss_fn, args, lr_scheduler, model_ema):
    model.train()
    total = 0.0
    for batch_idx, (x, target) in enumerate(batches):
        output = model(x)
        loss = loss_fn(output, target)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_value_(model.parameters(), args.clip_grad)
        optimizer.step()
        model_ema.update(model)
        lr_scheduler.step()
        total += loss.item()
    return total / len(batches)


@torch.no_grad()
def validate(model, batches):
    model.eval()
    return sum((model(x).argmax(1) == y).float().mean().item() for x, y in batches) / len(batches)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--epochs', type=int, default=4)
    parser.add_argument('--lr', type=float, default=0.02)
    parser.add_argument('--clip-grad', type=float, default=1.0)
    args = parser.parse_args()
    torch.manual_seed(42)
    model = Net()
    model_ema = ModelEma(model)
    optimizer = torch.optim.AdamW(param_groups_weight_decay(model, 1e-3), lr=args.lr)
    train_batches, val_batches = loader(48, 8, 0), loader(16, 8, 1)
    lr_scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, args.lr, total_steps=args.epochs * len(train_batches))
    for epoch in range(args.epochs):
        anneal_temperature(model, epoch)
        loss = train_one_epoch(epoch, model, train_batches, optimizer, nn.CrossEntropyLoss(label_smoothing=0.1), args, lr_scheduler, model_ema)
        print(f'Train: {epoch} loss {loss:.4f} acc {validate(model, val_batches):.3f} ema {validate(model_ema.module, val_batches):.3f}')


if __name__ == '__main__':
    main()
