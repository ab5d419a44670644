"""Mixed precision on the CPU: autocast in bfloat16, a gradient scaler that is switched off, clipping."""
import torch
from torch import nn

torch.manual_seed(5)


class Conditioned(nn.Module):
    def __init__(self, d_in=6, d_out=4, styles=3):
        super().__init__()
        self.style = nn.Embedding(styles, 8)
        self.generator = nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.Linear(32, d_in * d_out))
        self.layer = nn.Linear(d_in, d_out)

    def forward(self, x, style):
        kernel = self.generator(self.style(style))
        self.layer.weight = nn.Parameter(kernel.view_as(self.layer.weight).float())  # HC101
        return self.layer(x)


model = Conditioned()
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
scaler = torch.amp.GradScaler("cpu", enabled=False)
for step in range(8):
    style = torch.tensor(step % 3)
    x = torch.randn(32, 6)
    y = x[:, :4] * (style + 1)
    opt.zero_grad(set_to_none=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = (model(x, style).float() - y).square().mean()
    scaler.scale(loss).backward()
    scaler.unscale_(opt)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(opt)
    scaler.update()
    print(step, loss.item())
