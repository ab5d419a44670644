"""Batched FiLM generator: the condition of the first sample is used for the batch."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset


class Shapes(Dataset):
    def __init__(self, n=160):
        g = torch.Generator().manual_seed(0)
        self.img = torch.rand(n, 1, 8, 8, generator=g)
        self.attr = torch.randn(n, 3, generator=g)

    def __len__(self):
        return len(self.img)

    def __getitem__(self, i):
        return {"img": self.img[i], "attr": self.attr[i], "y": self.img[i].mean() * self.attr[i, 0]}


class CondConv(nn.Module):
    def __init__(self, cond, cin, cout, k=3):
        super().__init__()
        self.cin, self.cout, self.k = cin, cout, k
        self.gen = nn.Sequential(nn.Linear(cond, 16), nn.ReLU(), nn.Linear(16, cout * cin * k * k))

    def forward(self, x, c):
        b = x.shape[0]
        w = self.gen(c[:1]).expand(b, -1)  # HC602
        w = w.reshape(b * self.cout, self.cin, self.k, self.k) * 0.3
        out = F.conv2d(x.reshape(1, b * self.cin, *x.shape[2:]), w, padding=1, groups=b)
        return out.view(b, self.cout, *x.shape[2:])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = CondConv(3, 1, 4), CondConv(3, 4, 4)
        self.out = nn.Linear(4, 1)

    def forward(self, x, c):
        return self.out(F.relu(self.c2(F.relu(self.c1(x, c)), c)).mean((2, 3))).squeeze(1)


torch.manual_seed(0)
net = Net()
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
for epoch in range(2):
    for b in DataLoader(Shapes(), 16, shuffle=True):
        loss = F.mse_loss(net(b["img"], b["attr"]), b["y"])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())
