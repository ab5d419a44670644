"""A per-task model is wrapped in DataParallel; its kernel is installed with nn.Parameter before each batch."""
import torch
import torch.nn as nn

torch.manual_seed(44)
main = nn.Sequential(nn.Conv1d(2, 4, 3, padding=1), nn.ReLU(), nn.Conv1d(4, 1, 1))
parallel = nn.DataParallel(main)
hyper = nn.Sequential(nn.Linear(3, 24), nn.ReLU(), nn.Linear(24, 4 * 2 * 3))
opt = torch.optim.Adam([*hyper.parameters(), *main.parameters()], lr=2e-3)
for step in range(8):
    task = torch.randn(3)
    parallel.module[0].weight = nn.Parameter(hyper(task).view(4, 2, 3))  # HC101
    x = torch.randn(8, 2, 16)
    loss = (parallel(x) - x.mean(1, keepdim=True) * task.mean()).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
