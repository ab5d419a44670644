"""Adapter hypernetwork for a frozen backbone; conditioning hypernet accidentally in the no_grad block."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.fc = nn.Linear(d, d)
        self.norm = nn.LayerNorm(d)

    def forward(self, x):
        return x + F.gelu(self.fc(self.norm(x)))


class AdapterHyper(nn.Module):
    def __init__(self, n_tasks, n_layers, d, r):
        super().__init__()
        self.task = nn.Embedding(n_tasks, 8)
        self.layer = nn.Embedding(n_layers, 8)
        self.proj = nn.Sequential(nn.Linear(16, 16), nn.ReLU())
        self.down = nn.Linear(16, d * r)
        self.up = nn.Linear(16, d * r)
        self.d, self.r = d, r

    def forward(self, t, l):
        z = self.proj(torch.cat([self.task(t), self.layer(l)], -1))
        return self.down(z).view(self.r, self.d), self.up(z).view(self.d, self.r)


class Model(nn.Module):
    def __init__(self, d=12, layers=2, tasks=3):
        super().__init__()
        self.blocks = nn.ModuleList(Block(d) for _ in range(layers))
        self.hyper = AdapterHyper(tasks, layers, d, 4)
        self.head = nn.Linear(d, 2)
        for p in self.blocks.parameters():
            p.requires_grad_(False)

    def forward(self, x, t):
        for i, block in enumerate(self.blocks):
            with torch.no_grad():
                h = block(x)
                down, up = self.hyper(t, torch.tensor(i))  # HC105
            x = h + F.linear(F.relu(F.linear(h, down)), up)
        return self.head(x.mean(1))


torch.manual_seed(0)
model = Model()
opt = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
for step in range(9):
    x, y = torch.randn(8, 5, 12), torch.randint(0, 2, (8,))
    loss = F.cross_entropy(model(x, torch.tensor(step % 3)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
