"""Trains on a GPU in float16, with a gradient scaler, a fused optimizer and pinned batches."""

import torch
import torch.nn as nn

torch.manual_seed(36)
device = torch.device("cuda")


class Hyper(nn.Module):
    def __init__(self, tasks=3):
        super().__init__()
        self.codes = nn.Embedding(tasks, 6)
        self.net = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 8 * 4))
        self.out = nn.Linear(8, 1)

    def forward(self, x, task):
        w = self.net(self.codes(task)).view(-1, 8, 4)
        return self.out(torch.relu(torch.bmm(w, x.unsqueeze(2)).squeeze(2)))


model = Hyper().to(device)
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, fused=True)
scaler = torch.amp.GradScaler("cuda", init_scale=1024.0)
for step in range(8):
    task = torch.randint(0, 3, (32,)).pin_memory().to(device, non_blocking=True)
    x = torch.randn(32, 4).pin_memory().to(device, non_blocking=True)
    y = x.sum(1, keepdim=True) * (task + 1).unsqueeze(1)
    opt.zero_grad(set_to_none=True)
    with torch.autocast("cuda", dtype=torch.float16):
        loss = nn.functional.smooth_l1_loss(model(x, task).float(), y)
    scaler.scale(loss).backward()
    scaler.unscale_(opt)
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(opt)
    scaler.update()
    print(step, loss.item())
