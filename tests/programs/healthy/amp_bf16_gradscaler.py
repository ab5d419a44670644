"""Mixed precision (bf16 autocast on CPU) with a GradScaler and gradient clipping."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class HyperConvNet(nn.Module):
    def __init__(self, n_dom=2):
        super().__init__()
        self.dom = nn.Embedding(n_dom, 8)
        self.kernel = nn.Linear(8, 6 * 3 * 3 * 3)
        self.bias = nn.Linear(8, 6)
        self.bn = nn.BatchNorm2d(6)
        self.fc = nn.Linear(6, 4)

    def forward(self, x, d):
        z = self.dom(d)
        x = F.conv2d(x, self.kernel(z).view(6, 3, 3, 3), self.bias(z), padding=1)
        x = F.gelu(self.bn(x))
        return self.fc(x.mean((2, 3)))


net = HyperConvNet()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
x = torch.randn(24, 3, 6, 6)
y = torch.randint(0, 4, (24,))
for step in range(10):
    d = torch.tensor(step % 2)
    opt.zero_grad(set_to_none=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = net(x, d)
        loss = F.cross_entropy(out, (y + d) % 4)
    scaler.scale(loss).backward()
    scaler.unscale_(opt)
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    scaler.step(opt)
    scaler.update()
    print(f"step {step} loss {loss.float().item():.4f} scale {scaler.get_scale():.0f}")
