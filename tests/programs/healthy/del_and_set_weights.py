"""Full hypernetwork; generated weights replace the deleted parameters of a normal nn.Module."""

import numpy as np
import torch
import torch.nn as nn


class MainNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(10, 8, bias=False)
        self.act = nn.SiLU()
        self.fc2 = nn.Linear(8, 4, bias=False)

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))

    def set_weights(self, w1, w2):
        del self.fc1.weight
        self.fc1.weight = w1
        del self.fc2.weight
        self.fc2.weight = w2


class HyperNetwork(nn.Module):
    def __init__(self, main):
        super().__init__()
        self.main = main
        self.embedding = nn.Parameter(torch.randn(1, 5))
        self.shapes = [main.fc1.weight.shape, main.fc2.weight.shape]
        total = int(np.sum([np.prod(s) for s in self.shapes]))
        self.fc1 = nn.Linear(5, 16)
        self.fc2 = nn.Linear(16, total)

    def forward(self, x):
        w = self.fc2(torch.nn.functional.silu(self.fc1(self.embedding))).squeeze(0)
        n = self.shapes[0].numel()
        self.main.set_weights(w[:n].reshape(self.shapes[0]), w[n:].reshape(self.shapes[1]))
        return self.main(x)


torch.manual_seed(0)
hyper = HyperNetwork(MainNetwork())
optimizer = torch.optim.Adam(hyper.parameters(), lr=5e-3)
criterion = nn.CrossEntropyLoss()
x = torch.randn(64, 10)
y = x[:, :4].argmax(1)
hyper.train()
for epoch in range(2):
    for i in range(0, 64, 16):
        optimizer.zero_grad()
        loss = criterion(hyper(x[i : i + 16]), y[i : i + 16])
        loss.backward()
        optimizer.step()
    print("Epoch %d Loss %.4f" % (epoch, loss.item()))
