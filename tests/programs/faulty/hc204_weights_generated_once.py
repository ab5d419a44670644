import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
hyper = nn.Linear(4, 3 * 6)
cond = torch.randn(4)
bias = nn.Parameter(torch.zeros(3))
opt = torch.optim.Adam([*hyper.parameters(), bias], lr=1e-2)
weight = hyper(cond).view(3, 6)  # HC204
for step in range(12):
    x, y = torch.randn(20, 6), torch.randint(0, 3, (20,))
    loss = F.cross_entropy(F.linear(x, weight, bias), y)
    opt.zero_grad()
    loss.backward(retain_graph=True)
    opt.step()
