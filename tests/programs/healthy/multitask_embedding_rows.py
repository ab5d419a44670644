"""Many tasks, small batches: each batch holds only a few tasks, some rarely appear."""

import torch
import torch.nn as nn

torch.manual_seed(17)
NUM_TASKS = 10


class TaskHyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.task_emb = nn.Embedding(NUM_TASKS, 6)
        self.fc = nn.Sequential(nn.Linear(6, 24), nn.GELU(), nn.Linear(24, 5 * 3 + 3))

    def forward(self, x, t):
        p = self.fc(self.task_emb(t))
        w, b = p[:, :15].view(-1, 3, 5), p[:, 15:]
        return torch.einsum("boi,bi->bo", w, x) + b


model = TaskHyper()
true_w = torch.randn(NUM_TASKS, 3, 5)
opt = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0.05)
pool = [[0, 1], [2, 3], [0, 4], [1, 2, 5]]
for it in range(8):
    t = torch.tensor(pool[it % 4]).repeat_interleave(8)
    x = torch.randn(len(t), 5)
    y = torch.einsum("boi,bi->bo", true_w[t], x)
    loss = (model(x, t) - y).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"iter {it} tasks {pool[it % 4]} loss {loss.item():.4f}")
