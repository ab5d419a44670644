"""Double precision and accumulation over micro-batches; the generated weights are cached once for the batch."""
import torch
import torch.nn as nn

torch.set_default_dtype(torch.float64)
torch.manual_seed(32)
MICRO = 4


class Kernel(nn.Module):
    def __init__(self):
        super().__init__()
        self.theta = nn.Parameter(torch.randn(3))
        self.net = nn.Sequential(nn.Linear(3, 16), nn.SiLU(), nn.Linear(16, 2 * 6))

    def forward(self):
        return self.net(self.theta).view(2, 6)


kernel = Kernel()
head = nn.Linear(2, 1)
opt = torch.optim.RMSprop([*kernel.parameters(), *head.parameters()], lr=1e-3)
for step in range(7):
    w = kernel()
    opt.zero_grad()
    total = 0.0
    for _ in range(MICRO):
        x = torch.randn(8, 6)
        y = x[:, :2].prod(1, keepdim=True)
        h = torch.tanh(nn.functional.linear(x, w.detach()))  # HC104
        loss = (head(h) - y).square().mean() / MICRO
        loss.backward()
        total += loss.item()
    opt.step()
    print(step, total)
