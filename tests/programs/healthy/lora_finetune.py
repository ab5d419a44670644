"""LoRA fine-tuning of a two-layer network (B starts at zero)."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class LoRALinear(nn.Linear):
    def __init__(self, in_features, out_features, r=2, lora_alpha=4):
        super().__init__(in_features, out_features)
        self.lora_A = nn.Parameter(self.weight.new_zeros((r, in_features)))
        self.lora_B = nn.Parameter(self.weight.new_zeros((out_features, r)))
        self.scaling = lora_alpha / r
        self.weight.requires_grad = False
        nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))
        nn.init.zeros_(self.lora_B)

    def forward(self, x):
        result = F.linear(x, self.weight, bias=self.bias)
        return result + (x @ self.lora_A.transpose(0, 1) @ self.lora_B.transpose(0, 1)) * self.scaling


def mark_only_lora_as_trainable(model):
    for n, p in model.named_parameters():
        if "lora_" not in n:
            p.requires_grad = False


torch.manual_seed(0)
model = nn.Sequential(LoRALinear(8, 16), nn.GELU(), LoRALinear(16, 3))
mark_only_lora_as_trainable(model)
optim = torch.optim.AdamW(model.parameters(), lr=1e-2)
x = torch.randn(48, 8)
y = x[:, :3].argmax(-1)
for step in range(8):
    loss = F.cross_entropy(model(x), y)
    optim.zero_grad()
    loss.backward()
    optim.step()
    print(f"{step=} loss={loss.item():.4f}")
