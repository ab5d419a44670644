"""Trains on the GPU where there is one, with autocast, a gradient scaler and non-blocking copies."""

import torch
import torch.nn as nn

torch.manual_seed(27)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
on_gpu = device.type == "cuda"


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
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, fused=on_gpu)
scaler = torch.amp.GradScaler(device.type, init_scale=1024.0, enabled=on_gpu)
for step in range(8):
    task = torch.randint(0, 3, (32,)).to(device, non_blocking=True)
    x = torch.randn(32, 4).to(device, non_blocking=True)
    y = x.sum(1, keepdim=True) * (task + 1).unsqueeze(1)
    opt.zero_grad(set_to_none=True)
    with torch.autocast(device.type, dtype=torch.float16 if on_gpu else torch.bfloat16):
        loss = nn.functional.smooth_l1_loss(model(x, task).float(), y)
    scaler.scale(loss).backward()
    scaler.step(opt)
    scaler.update()
    print(step, loss.item())
