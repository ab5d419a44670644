"""A fused optimizer with parameter groups; the rate of the codes was divided down to nothing."""
import torch
import torch.nn as nn

torch.manual_seed(22)
EPOCHS = 9
codes = nn.Embedding(3, 5)
hyper = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 4 * 6))
head = nn.Linear(6, 2)
groups = [
    {"params": [*hyper.parameters(), *head.parameters()], "lr": 2e-3},
    {"params": codes.parameters(), "lr": 1e-2 * (EPOCHS // 10)},
]
opt = torch.optim.AdamW(groups, fused=True, weight_decay=0.0)  # HC502
for epoch in range(EPOCHS):
    task = torch.tensor(epoch % 3)
    x = torch.randn(32, 4)
    y = (x.sum(1) * (task - 1) > 0).long()
    w = hyper(codes(task)).view(6, 4)
    loss = nn.functional.cross_entropy(head(torch.tanh(x @ w.T)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(epoch, loss.item())
