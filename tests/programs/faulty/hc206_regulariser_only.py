"""Hypernetwork-based continual learner; loss assembled term by term."""
import torch
from torch import nn
import torch.nn.functional as F


class CLNet(nn.Module):
    def __init__(self, tasks=3):
        super().__init__()
        self.stem = nn.Linear(5, 8)
        self.aux = nn.Linear(8, 5)
        self.task_emb = nn.Embedding(tasks, 4)
        self.hnet = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2 * 8 + 2))

    def features(self, x):
        return torch.relu(self.stem(x))

    def classify(self, f, t):
        w = self.hnet(self.task_emb(t))
        return F.linear(f, w[:16].view(2, 8), w[16:])


def compute_losses(net, x, y, t):
    f = net.features(x)
    return {"ce": F.cross_entropy(net.classify(f, t), y), "rec": F.mse_loss(net.aux(f), x), "l2": net.stem.weight.pow(2).sum()}


torch.manual_seed(35)
net = CLNet()
opt = torch.optim.AdamW(net.parameters(), lr=5e-3, weight_decay=0.0)
WEIGHTS = {"cls": 1.0, "rec": 0.1, "l2": 1e-3}
for step in range(9):
    t = torch.tensor(step % 3)
    x = torch.randn(20, 5)
    y = (x[:, step % 3] > 0).long()
    terms = compute_losses(net, x, y, t)
    loss = sum(WEIGHTS[k] * v for k, v in terms.items() if k in WEIGHTS)  # HC206
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, {k: round(v.item(), 4) for k, v in terms.items()})
