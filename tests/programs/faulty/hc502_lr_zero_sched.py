import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
hyper, emb = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 18)), nn.Embedding(3, 4)
WARMUP = 5
opt = torch.optim.AdamW([{"params": hyper.parameters(), "lr": 1e-3}, {"params": emb.parameters(), "lr": 1e-2}])  # HC502
sched = torch.optim.lr_scheduler.LambdaLR(
    opt,
    lr_lambda=[lambda s: min(1.0, s / WARMUP), lambda s: s // 1000],
)  # HC502
for it in range(14):
    x, y = torch.randn(16, 6), torch.randint(0, 3, (16,))
    loss = F.cross_entropy(F.linear(x, hyper(emb(torch.tensor(it % 3))).view(3, 6)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()  # HC502
    sched.step()
