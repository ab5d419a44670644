"""Convolution kernels from a wide layer embedding: the head keeps a unit normal initialisation."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class KernelMaker(nn.Module):
    def __init__(self, layers=2, emb=32, cin=8, cout=8):
        super().__init__()
        self.shape = (cout, cin, 3, 3)
        self.emb = nn.Embedding(layers, emb)
        self.make = nn.Linear(emb, cout * cin * 9)
        nn.init.normal_(self.make.weight)

    def forward(self, layer):
        flat = self.make(self.emb.weight[layer])  # HC601
        return flat.reshape(self.shape)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 8, 3, padding=1)
        self.kernels = KernelMaker()
        self.out = nn.Linear(8, 4)

    def forward(self, x):
        h = F.relu(self.stem(x))
        for layer in range(2):
            h = F.relu(F.conv2d(h, self.kernels(layer), padding=1))
        return self.out(h.mean((2, 3)))


torch.manual_seed(0)
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
x = torch.randn(64, 1, 8, 8)
y = (x.mean((1, 2, 3)) > 0).long() + 2 * (x[:, 0, 0, 0] > 0).long()
for step in range(8):
    pick = torch.randperm(64)[:16]
    loss = F.cross_entropy(net(x[pick]), y[pick])
    opt.zero_grad()
    loss.backward()
    opt.step()
print("final loss", loss.item())
