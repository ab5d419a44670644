import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(7)


def count(net):
    return sum(p.numel() for p in net.parameters())


def set_weights(net, flat):
    i = 0
    for p in net.parameters():
        n = p.numel()
        p.data = flat[i:i + n].view_as(p)  # HC102
        i += n


target = nn.Sequential(nn.Linear(2, 10), nn.ReLU(), nn.Linear(10, 2))
hyper = nn.Sequential(nn.Linear(8, 32), nn.LeakyReLU(), nn.Linear(32, count(target)))
code = torch.randn(8)

opt = torch.optim.Adam(hyper.parameters(), lr=1e-3)
X = torch.randn(100, 2)
Y = (X[:, 0] * X[:, 1] > 0).long()

for it in range(10):
    idx = torch.randint(0, 100, (25,))
    set_weights(target, hyper(code))
    loss = F.cross_entropy(target(X[idx]), Y[idx])
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(it, loss.item())
