"""Phase 1 trains the hypernetwork; phase 2 keeps it fixed and trains only a calibration layer on its predictions."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class HN(nn.Module):
    def __init__(self):
        super().__init__()
        self.embeddings = nn.Parameter(torch.randn(2, 4))
        self.net = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3 * 6 + 3))

    def forward(self, t):
        th = self.net(self.embeddings[t])
        return th[:18].view(3, 6), th[18:]


def run_phase1(hn, data, steps):
    opt = torch.optim.Adam(hn.parameters(), lr=1e-2)
    for s in range(steps):
        loss = sum(F.cross_entropy(F.linear(x, *hn(t)), y) for t, (x, y) in enumerate(data))
        opt.zero_grad()
        loss.backward()
        opt.step()
        print("phase 1 step", s, "loss", round(loss.item(), 4))


def run_phase2(hn, calib, data, steps):
    hn.eval()
    opt = torch.optim.SGD(calib.parameters(), lr=0.1)
    for s in range(steps):
        losses = []
        for t, (x, y) in enumerate(data):
            with torch.no_grad():
                w, b = hn(t)
                logits = F.linear(x, w, b)
            losses.append(F.cross_entropy(calib(logits), y))
        loss = torch.stack(losses).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        print("phase 2 step", s, "loss", round(loss.item(), 4))


torch.manual_seed(13)
hn, calib = HN(), nn.Linear(3, 3)
data = []
for t in range(2):
    x = torch.randn(30, 6)
    data.append((x, x[:, t : t + 3].argmax(1)))
run_phase1(hn, data, 5)
run_phase2(hn, calib, data, 5)
