"""Momentum kept in .grad itself (grad.mul_(beta) instead of zero_grad), embeddings projected on the sphere after each step."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
codes = nn.Parameter(F.normalize(torch.randn(3, 4), dim=1))
body = nn.Sequential(nn.Linear(4, 24), nn.ReLU(), nn.Linear(24, 5 * 8 + 8))
params = [codes, *body.parameters()]
opt = torch.optim.SGD(params, lr=0.02)
W = torch.randn(3, 5)
BETA = 0.8
for step in range(30):
    k = step % 3
    p = body(codes[k])
    x = torch.randn(40, 5)
    pred = torch.tanh(x @ p[:40].view(5, 8)) @ p[40:]
    loss = F.mse_loss(pred, x @ W[k])
    for q in params:
        if q.grad is not None:
            q.grad.mul_(BETA)
    loss.backward()
    opt.step()
    with torch.no_grad():
        codes.div_(codes.norm(dim=1, keepdim=True))
        for q in body.parameters():
            q.clamp_(-2, 2)
    if step % 9 == 0:
        print(step, loss.item())
