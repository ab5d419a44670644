import torch
from torch import nn
from torch.func import functional_call

torch.manual_seed(10)
n_tasks = 3
net = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1))
names = [n for n, _ in net.named_parameters()]
sizes = [p.numel() for p in net.parameters()]
codes = torch.zeros(n_tasks, 4).normal_().requires_grad_()  # HC301
hnet = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, sum(sizes)))
optim = torch.optim.SGD(hnet.parameters(), lr=1e-2)

for epoch in range(3):
    for t in range(n_tasks):
        x = torch.rand(25, 2)
        y = x.sum(1, keepdim=True) * (t - 1)
        flat = hnet(codes[t]).split(sizes)
        params = {n: f.view_as(p) for n, f, p in zip(names, flat, net.parameters())}
        loss = (functional_call(net, params, (x,)) - y).pow(2).mean()
        optim.zero_grad()
        loss.backward()
        optim.step()
    print(epoch, loss.item())
