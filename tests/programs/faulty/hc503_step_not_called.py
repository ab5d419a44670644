import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(57)
meta = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 4 * 3 + 4))
last = nn.Linear(4, 2)
optimizer = torch.optim.SGD([*meta.parameters(), *last.parameters()], lr=0.1)
scheduler_log = []

for it in range(8):
    ctx = torch.randn(3)
    x = torch.randn(16, 3)
    y = (x @ ctx > 0).long()
    theta = meta(ctx)
    h = torch.relu(F.linear(x, theta[:12].view(4, 3), theta[12:]))
    loss = F.cross_entropy(last(h), y)
    optimizer.zero_grad()
    loss.backward()  # HC503
    optimizer.step
    scheduler_log.append(loss.item())
print(["%.3f" % v for v in scheduler_log])
