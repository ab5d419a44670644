"""Mixed-precision training loop with a gradient scaler (CPU, bf16)."""
import torch
from torch import nn
import torch.nn.functional as F

torch.manual_seed(72)


class HyperReg(nn.Module):
    def __init__(self):
        super().__init__()
        self.env = nn.Embedding(3, 4)
        self.gen = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 6 * 3 + 6))

    def forward(self, x, e):
        th = self.gen(self.env(e))
        w, v = th[:, :18].view(-1, 6, 3), th[:, 18:].unsqueeze(1)
        return torch.bmm(v, torch.tanh(torch.bmm(w, x.unsqueeze(2)))).squeeze(2)


model = HyperReg()
opt = torch.optim.SGD(model.parameters(), lr=1e-4)
scaler = torch.amp.GradScaler("cpu", init_scale=2.0 ** 126, backoff_factor=0.9)
for i in range(8):
    e = torch.randint(0, 3, (32,))
    x = torch.randn(32, 3)
    y = 10 * x[:, :1] * (e[:, None] + 1)
    opt.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        pred = model(x, e)
    loss = F.mse_loss(pred.float(), y, reduction="sum")
    scaler.scale(loss).backward()
    scaler.step(opt)  # HC504
    scaler.update()
    print(i, loss.item())
