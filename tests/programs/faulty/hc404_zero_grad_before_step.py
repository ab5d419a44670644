import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
hyper = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 5 * 3 + 5 + 5 + 1))
opt = torch.optim.Adam(hyper.parameters(), lr=1e-3)


def main(x, th):
    w, b, v, c = th.split([15, 5, 5, 1])
    return F.linear(torch.tanh(F.linear(x, w.view(5, 3), b)), v.view(1, 5), c)


for step in range(10):
    lam = torch.rand(2)
    x = torch.randn(30, 3)
    y = lam[0] * x[:, :1] - lam[1] * x[:, 1:2]
    loss = F.mse_loss(main(x, hyper(lam)), y)
    loss.backward()
    opt.zero_grad()  # HC404
    opt.step()
    print(step, loss.item())
