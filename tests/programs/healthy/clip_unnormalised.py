"""Two towers compared by plain dot products: features that stand in a matmul are no weights."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
image = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64))
text = nn.Sequential(nn.Embedding(30, 64), nn.Flatten(), nn.Linear(64 * 5, 64))
opt = torch.optim.Adam([*image.parameters(), *text.parameters()], lr=1e-3)
for step in range(8):
    pixels, words = 8 * torch.randn(16, 20), torch.randint(30, (16, 5))
    logits = image(pixels) @ text(words).t()
    target = torch.arange(16)
    loss = F.cross_entropy(logits, target) + F.cross_entropy(logits.t(), target)
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
