import torch
from torch import nn
import torch.nn.functional as F


class HNET(nn.Module):
    def __init__(self, n_tasks, te_dim, shapes):
        super().__init__()
        self.shapes = shapes
        self.task_embs = [nn.Parameter(torch.randn(te_dim)) for _ in range(n_tasks)]  # HC303
        self.fc1 = nn.Linear(te_dim, 16)
        self.fc2 = nn.Linear(16, sum(torch.Size(s).numel() for s in shapes))

    def forward(self, task_id):
        h = F.relu(self.fc1(self.task_embs[task_id]))
        out = self.fc2(h)
        return [p.view(s) for p, s in zip(out.split([torch.Size(s).numel() for s in self.shapes]), self.shapes)]


def mnet_forward(x, W):
    return F.linear(F.relu(F.linear(x, W[0], W[1])), W[2], W[3])


torch.manual_seed(2)
hnet = HNET(3, 5, [(7, 4), (7,), (2, 7), (2,)])
for task in range(3):
    optimizer = torch.optim.Adam(hnet.parameters(), lr=1e-2)
    for i in range(3):
        x = torch.randn(20, 4)
        y = (x[:, task] > 0).long()
        optimizer.zero_grad()
        loss = F.cross_entropy(mnet_forward(x, hnet(task)), y)
        loss.backward()
        optimizer.step()
    print("task", task, "loss", loss.item())
