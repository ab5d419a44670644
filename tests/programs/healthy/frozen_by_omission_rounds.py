# optimizer anew for each task, frozen by omission
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
back = nn.Linear(6, 8)
hyper = nn.Linear(3, 16)
embs = nn.ParameterList([nn.Parameter(torch.randn(3)) for _ in range(3)])
for t in range(3):
    opt = torch.optim.Adam([*hyper.parameters(), embs[t]], lr=1e-2)
    for i in range(4):
        x = torch.randn(20, 6)
        y = (x[:, t] > 0).long()
        w = hyper(embs[t]).view(2, 8)
        loss = F.cross_entropy(F.linear(torch.relu(back(x)), w), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
