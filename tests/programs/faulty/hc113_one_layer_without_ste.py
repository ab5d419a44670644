import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(121)
LEVELS = 7


def fake_quant(w, lo=-1.0, hi=1.0):
    step = (hi - lo) / LEVELS
    q = torch.floor((w.clamp(lo, hi) - lo) / step + 0.5) * step + lo
    return w + (q - w).detach()


def fake_quant_bias(b):
    step = 2.0 / LEVELS
    return torch.floor(b / step + 0.5) * step  # HC113


class QuantHyper(nn.Module):
    def __init__(self, dev=3):
        super().__init__()
        self.device_emb = nn.Embedding(dev, 5)
        self.trunk = nn.Sequential(nn.Linear(5, 16), nn.Tanh())
        self.w = nn.Linear(16, 6 * 4)
        self.b = nn.Linear(16, 6)

    def forward(self, d):
        h = self.trunk(self.device_emb(d))
        return fake_quant(self.w(h)).view(6, 4), fake_quant_bias(self.b(h))


hyper, out = QuantHyper(), nn.Linear(6, 2)
opt = torch.optim.Adam([*hyper.parameters(), *out.parameters()], lr=3e-3)
for i in range(9):
    d = torch.tensor(i % 3)
    x = torch.randn(24, 4)
    y = (x[:, i % 3] > 0).long()
    w, b = hyper(d)
    loss = F.cross_entropy(out(F.relu(F.linear(x, w, b))), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(i, loss.item())
