import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(2)
WARMUP = 500


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.task = nn.Embedding(3, 5)
        self.f = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 4 * 6 + 2 * 4))

    def forward(self, t):
        a, b = self.f(self.task(t)).split([24, 8])
        return a.view(4, 6), b.view(2, 4)


hyper = Hyper()
opt = torch.optim.AdamW(hyper.parameters(), lr=1e-3)
sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1, (s + 1) // WARMUP))  # HC502
for s in range(9):
    t = s % 3
    w1, w2 = hyper(torch.tensor(t))
    x = torch.randn(20, 6)
    y = (x[:, t] > 0).long()
    loss = F.cross_entropy(F.linear(F.relu(F.linear(x, w1)), w2), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    print(s, loss.item())
