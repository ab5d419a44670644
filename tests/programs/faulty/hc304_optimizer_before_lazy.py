"""Hypernet heads are added per task while training (continual learning)."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class GrowingHyper(nn.Module):
    def __init__(self, d=6):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(d, 16), nn.ReLU())
        self.task_emb = nn.ParameterList()
        self.heads = nn.ModuleDict()
        self.d = d

    def add_task(self, name, fin, fout):
        self.task_emb.append(nn.Parameter(torch.randn(self.d)))
        self.heads[name] = nn.Linear(16, fin * fout)

    def forward(self, k, name, fin, fout):
        return self.heads[name](self.trunk(self.task_emb[k])).view(fout, fin) * 0.3


def make_task(k, n=64):
    x = torch.randn(n, 5)
    return x, (x[:, k] + 0.3 * x[:, k + 1] > 0).long()


torch.manual_seed(4)
hyper = GrowingHyper()
hyper.add_task("task0", 5, 2)
optimizer = torch.optim.Adam(hyper.parameters(), lr=5e-3)  # HC304
for k in range(3):
    name = f"task{k}"
    if name not in hyper.heads:
        hyper.add_task(name, 5, 2)
        optimizer.add_param_group({"params": hyper.heads[name].parameters()})  # HC304 HC305
    x, y = make_task(k)
    for step in range(8):
        logits = F.linear(x, hyper(k, name, 5, 2))
        loss = F.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(name, f"{loss.item():.4f}")
