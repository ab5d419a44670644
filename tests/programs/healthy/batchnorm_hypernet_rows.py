"""Task-conditioned hypernetwork with BatchNorm over all task embeddings."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class BNHyper(nn.Module):
    def __init__(self, tasks=5, emb=6, hid=16, i=7, o=3):
        super().__init__()
        self.i, self.o = i, o
        self.table = nn.Parameter(torch.randn(tasks, emb))
        self.net = nn.Sequential(
            nn.Linear(emb, hid, bias=False), nn.BatchNorm1d(hid), nn.Tanh(), nn.Linear(hid, i * o + o)
        )

    def forward(self):
        out = self.net(self.table)
        return out[:, : self.i * self.o].view(-1, self.i, self.o), out[:, self.i * self.o :]


torch.manual_seed(0)
hyper = BNHyper()
opt = torch.optim.Adam(hyper.parameters(), lr=1e-2)
x = torch.randn(5, 24, 7)
y = torch.stack([x[k, :, k % 4 : k % 4 + 3].argmax(-1) for k in range(5)])
for epoch in range(8):
    hyper.train()
    w, b = hyper()
    loss = F.cross_entropy((torch.bmm(x, w) + b[:, None]).flatten(0, 1), y.flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
hyper.eval()
with torch.no_grad():
    w, b = hyper()
    print(
        "final loss",
        loss.item(),
        "eval acc",
        ((torch.bmm(x, w) + b[:, None]).argmax(-1) == y).float().mean().item(),
    )
