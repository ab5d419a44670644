import torch
import torch.nn as nn
import torch.nn.functional as F


class HNet(nn.Module):
    def __init__(self, shapes, tasks, te=6, h=24):
        super().__init__()
        self.shapes = shapes
        self.task_embs = nn.ParameterList([nn.Parameter(torch.randn(te)) for _ in range(tasks)])
        self.net = nn.Sequential(
            nn.Linear(te, h), nn.LeakyReLU(), nn.Linear(h, sum(torch.Size(s).numel() for s in shapes))
        )

    def forward(self, t):
        flat = self.net(self.task_embs[t])
        return [
            p.view(s) for p, s in zip(flat.split([torch.Size(s).numel() for s in self.shapes]), self.shapes)
        ]


def mnet(x, w):
    return F.linear(F.relu(F.linear(x, w[0], w[1])), w[2], w[3])


torch.manual_seed(0)
hnet = HNet([(10, 8), (10,), (2, 10), (2,)], tasks=3)
for task in range(3):
    x, y = torch.randn(40, 8) + task, torch.randint(0, 2, (40,))
    with torch.no_grad():
        targets = [[w.clone() for w in hnet(t)] for t in range(task)]
    optimizer = torch.optim.Adam([hnet.task_embs[task], *hnet.net.parameters()], lr=1e-2)
    for it in range(6):
        idx = torch.randint(0, 40, (16,))
        loss = F.cross_entropy(mnet(x[idx], hnet(task)), y[idx])
        if task:
            reg = sum(sum((a - b).pow(2).sum() for a, b in zip(hnet(t), targets[t])) for t in range(task))
            loss = loss + 0.01 * reg / task
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        acc = (mnet(x, hnet(task)).argmax(1) == y).float().mean()
    print(task, acc.item())
