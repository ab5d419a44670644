"""The step is inside a condition that never holds (accumulation counter is reset each epoch)."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
hyper = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 2 * 5))
head_bias = nn.Parameter(torch.zeros(2))
opt = torch.optim.Adam([*hyper.parameters(), head_bias], lr=1e-3)  # HC503
accum = 8
for epoch in range(3):
    count = 0
    for batch in range(6):
        c, x = torch.randn(3), torch.randn(16, 5)
        out = F.linear(x, hyper(c).view(2, 5), head_bias)
        loss = F.cross_entropy(out, (x[:, 0] > c[0]).long()) / accum
        loss.backward()  # HC503
        count += 1
        if count == accum:
            opt.step()  # HC503
            opt.zero_grad()
            count = 0
