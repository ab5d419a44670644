"""Weights of all tasks are generated at once; the task index is lost."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class AllTasks(nn.Module):
    def __init__(self, n=4, e=5, d=6):
        super().__init__()
        self.emb = nn.Parameter(torch.randn(n, e))  # HC203
        self.net = nn.Sequential(nn.Linear(e, 20), nn.ReLU(), nn.Linear(20, d * 2))
        self.d = d

    def forward(self):
        return self.net(self.emb).view(-1, 2, self.d)


torch.manual_seed(0)
hyper = AllTasks()
opt = torch.optim.SGD(hyper.parameters(), lr=0.1)
for step in range(16):
    task = step % 4
    x = torch.randn(32, 6)
    y = (x[:, task] > x[:, task + 1]).long()
    w = hyper()
    logits = x @ w[0].T  # HC203 HC602 HC402
    loss = F.cross_entropy(logits, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, task, f"{loss.item():.4f}")
