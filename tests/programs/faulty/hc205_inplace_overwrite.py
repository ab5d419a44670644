import torch
import torch.nn as nn
import torch.nn.functional as F


class KernelHyper(nn.Module):
    def __init__(self, cin, cout, k):
        super().__init__()
        self.shape = (cout, cin, k, k)
        self.z = nn.Parameter(torch.randn(6))
        self.f = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, cout * cin * k * k))

    def forward(self):
        return self.f(self.z).view(self.shape)


def init_kernel(w):
    """Kaiming init for a conv kernel (rows beyond the first are re-drawn)."""
    fan_in = w[0].numel()
    with torch.no_grad():
        w.normal_(0, (2 / fan_in) ** 0.5)  # HC205 HC103
    return w


torch.manual_seed(0)
hyper = KernelHyper(1, 4, 3)
fc = nn.Linear(4, 2)
optimizer = torch.optim.Adam([{"params": hyper.parameters()}, {"params": fc.parameters()}], lr=1e-2)
for step in range(8):
    x, y = torch.randn(16, 1, 7, 7), torch.randint(0, 2, (16,))
    kernel = init_kernel(hyper())
    h = F.relu(F.conv2d(x, kernel)).mean((2, 3))
    loss = F.cross_entropy(fc(h), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
