from functools import reduce

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class MainNet(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.sizes = sizes

    def forward(self, x, params):
        start = 0
        for n_in, n_out in zip(self.sizes[:-1], self.sizes[1:]):
            w = params[start:start + n_in * n_out].view(n_out, n_in)
            start += n_in * n_out
            x = F.linear(x, w)
            if n_out != self.sizes[-1]:
                x = F.relu(x)
        return x


class FullHyper(nn.Module):
    def __init__(self, sizes, emb_dim=5, hidden=16):
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(1, emb_dim))
        self.hidden = nn.Linear(emb_dim, hidden)
        self.head = nn.Linear(hidden, reduce(lambda a, b: a * b, sizes))  # HC203

    def forward(self):
        return self.head(F.relu(self.hidden(self.embedding))).flatten()


sizes = [10, 8, 4]
hyper, main = FullHyper(sizes), MainNet(sizes)
optimizer = torch.optim.Adam(hyper.parameters(), lr=1e-3)
for epoch in range(3):
    for _ in range(3):
        x = torch.randn(20, 10)
        y = x[:, :4].argmax(1)
        optimizer.zero_grad()
        loss = F.cross_entropy(main(x, hyper()), y)
        loss.backward()
        optimizer.step()
    print("epoch", epoch, loss.item())
