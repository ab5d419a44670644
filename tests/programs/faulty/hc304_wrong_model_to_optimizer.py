import torch
import torch.nn as nn
import torch.nn.functional as F


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(2, 12, batch_first=True)

    def forward(self, s):
        return self.rnn(s)[1][0]


class HyperODE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Encoder()
        self.hyper = nn.Linear(12, 2 * 8 + 8 + 8 * 2 + 2)

    def field(self, p):
        w1, b1, w2, b2 = p.split([16, 8, 16, 2], 1)
        w1, w2 = w1.view(-1, 2, 8), w2.view(-1, 8, 2)
        return lambda y: torch.baddbmm(b2[:, None], torch.tanh(torch.baddbmm(b1[:, None], y, w1)), w2)

    def forward(self, s, steps=4, h=0.1):
        f = self.field(self.hyper(self.encoder(s)))
        y, out = s[:, -1:], []
        for _ in range(steps):
            k1 = f(y)
            k2 = f(y + h / 2 * k1)
            k3 = f(y + h / 2 * k2)
            k4 = f(y + h * k3)
            y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
            out.append(y)
        return torch.cat(out, 1)


def build_optimizer(model, lr):
    return torch.optim.Adam(model.encoder.parameters(), lr=lr)  # HC304


torch.manual_seed(0)
model = HyperODE()
opt = build_optimizer(model, 1e-3)
for it in range(8):
    t = torch.linspace(0, 2, 12)[None] + torch.rand(8, 1) * 3
    series = torch.stack([t.sin(), t.cos()], -1)
    loss = F.mse_loss(model(series[:, :8]), series[:, 8:])
    opt.zero_grad()
    loss.backward()
    opt.step()
