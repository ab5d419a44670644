import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(37)
LAYERS = [(4, 8), (8, 8), (8, 3)]


class Hyper(nn.Module):
    def __init__(self, n_tasks=2):
        super().__init__()
        total = sum(i * o + o for i, o in LAYERS)
        self.task = nn.Embedding(n_tasks, 6)
        self.mlp = nn.Sequential(nn.Linear(6, 20), nn.ReLU(), nn.Linear(20, total))

    def forward(self, t):
        theta = self.mlp(self.task(t))
        ws, bs, pos = [], [], 0
        for i, o in LAYERS:
            ws.append(theta[pos:pos + i * o].view(o, i))
            bs.append(theta[pos:pos + o])  # HC201 HC203
            pos += i * o + o
        return ws, bs


def mlp(x, ws, bs):
    for k, (w, b) in enumerate(zip(ws, bs)):
        x = F.linear(x, w, b)
        if k < len(ws) - 1:
            x = torch.relu(x)
    return x


hyper = Hyper()
opt = torch.optim.AdamW(hyper.parameters(), lr=2e-3)
for it in range(8):
    t = it % 2
    x = torch.randn(30, 4)
    y = (x[:, :3] * (1 - 2 * t)).argmax(1)
    loss = F.cross_entropy(mlp(x, *hyper(torch.tensor(t))), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(it, f"{loss.item():.4f}")
