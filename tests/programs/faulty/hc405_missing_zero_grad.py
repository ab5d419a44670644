import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
main = nn.Linear(4, 2)
hyper = nn.Sequential(nn.Linear(3, 12), nn.Tanh(), nn.Linear(12, 8 + 2))
optimizer = torch.optim.SGD(hyper.parameters(), lr=0.01)
for epoch in range(3):
    for batch in range(5):
        main.zero_grad()
        c, x = torch.randn(3), torch.randn(16, 4)
        y = (x.sum(1) > c.sum()).long()
        p = hyper(c)
        out = torch.func.functional_call(main, {"weight": p[:8].view(2, 4), "bias": p[8:]}, x)
        loss = F.cross_entropy(out, y)
        loss.backward()  # HC405
        optimizer.step()  # HC405
