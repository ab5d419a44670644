import torch
from torch import nn

torch.manual_seed(14)
shift_net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 6))
scale_net = nn.Linear(3, 6)
first, last = nn.Linear(4, 6), nn.Linear(6, 1)
groups = [list(m.parameters()) for m in (shift_net, scale_net, first, last)]
opt = torch.optim.SGD(sum(groups, []), lr=0.02)


def modulation(task):
    s = scale_net(task)
    with torch.inference_mode():  # HC106
        b = shift_net(task)
    return s, b


losses = []
for step in range(10):
    task = torch.randn(3)
    x = torch.randn(16, 4)
    y = (x * task[0]).sum(1, keepdim=True) + task[1]
    s, b = modulation(task)
    h = first(x) * (1 + s) + b
    loss = (last(torch.relu(h)) - y).abs().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    losses.append(loss.item())
print(losses)
