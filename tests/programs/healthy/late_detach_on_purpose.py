"""After warm-up the hypernet's output is detached for a second phase, where only the head is fine-tuned, by its own optimizer."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.hyper = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 6 * 5))
        self.head = nn.Linear(6, 2)

    def features(self, x, c):
        return F.relu(torch.matmul(self.hyper(c).view(-1, 6, 5), x.unsqueeze(-1)).squeeze(-1))


torch.manual_seed(0)
m = Model()
opt = torch.optim.Adam(m.parameters(), 1e-3)
for i in range(6):
    x, c = torch.randn(16, 5), torch.randn(16, 3)
    loss = F.cross_entropy(m.head(m.features(x, c)), (x[:, 0] > c[:, 0]).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
head_opt = torch.optim.SGD(m.head.parameters(), lr=0.05)
for i in range(8):
    x, c = torch.randn(16, 5), torch.randn(16, 3)
    loss = F.cross_entropy(m.head(m.features(x, c).detach()), (x[:, 0] > c[:, 0]).long())
    head_opt.zero_grad()
    loss.backward()
    head_opt.step()
