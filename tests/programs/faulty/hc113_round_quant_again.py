import torch
import torch.nn as nn
import torch.nn.functional as F


def fake_quant(w, bits=4):
    scale = w.abs().max().detach() / (2 ** (bits - 1) - 1)
    q = torch.clamp(torch.round(w / scale), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)  # HC113
    return q * scale


class QHyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Parameter(torch.randn(1, 5))
        self.l1 = nn.Linear(5, 16)
        self.l2 = nn.Linear(16, 8 * 3 * 9)

    def forward(self, x):
        k = self.l2(F.relu(self.l1(self.emb))).view(8, 3, 3, 3)
        return F.conv2d(x, fake_quant(k), padding=1)


torch.manual_seed(0)
model = nn.Sequential(QHyper(), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4))
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
sched = torch.optim.lr_scheduler.StepLR(opt, 5, 0.5)
for step in range(10):
    x, y = torch.randn(8, 3, 8, 8), torch.randint(0, 4, (8,))
    loss = F.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
