"""Encoder/decoder generated once; the decoder reuses the transposed encoder weight."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(31)
hyper = nn.Sequential(nn.Linear(3, 20), nn.ReLU6(), nn.Linear(20, 6 * 10 + 6 + 10))
hyper[0].bias.data.fill_(1.0)
code = nn.Parameter(torch.randn(4, 3) * 0.3)
opt = torch.optim.RMSprop(list(hyper.parameters()) + [code], lr=1e-3)
data = [torch.randn(16, 10) @ torch.randn(10, 10) * 0.3 for _ in range(4)]

for epoch in range(3):
    running = 0
    for k in (2, 0, 3, 1):
        w, b_enc, b_dec = torch.split(hyper(code[k]), (60, 6, 10))
        w = w.view(6, 10)
        z = torch.sigmoid(F.linear(data[k], w, b_enc))
        rec = F.linear(z, w.t(), b_dec)
        loss = F.mse_loss(rec, data[k])
        opt.zero_grad()
        loss.backward()
        opt.step()
        running += loss.item()
    print("epoch", epoch, running / 4)
