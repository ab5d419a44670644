"""Adapters from a hypernetwork on a frozen encoder; `weight`s of the encoder are frozen by name."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.attn = nn.Linear(d, d)
        self.ffn = nn.Linear(d, d)

    def forward(self, h, down, up):
        h = h + torch.tanh(self.attn(h))
        a = torch.relu(h @ down.transpose(-1, -2)) @ up.transpose(-1, -2)
        return h + self.ffn(h) + a


class HyperAdapter(nn.Module):
    def __init__(self, d, r, tasks, layers, e=5):
        super().__init__()
        self.task_embed = nn.Embedding(tasks, e)
        self.layer_embed = nn.Embedding(layers, e)
        self.project = nn.Linear(2 * e, 8)
        self.down, self.up = nn.Linear(8, r * d), nn.Linear(8, d * r)
        self.d, self.r = d, r

    def forward(self, t, l):
        z = torch.relu(self.project(torch.cat([self.task_embed(t), self.layer_embed(l)], -1)))
        return self.down(z).view(self.r, self.d), self.up(z).view(self.d, self.r)


class Encoder(nn.Module):
    def __init__(self, d=8, r=2, tasks=2, layers=2):
        super().__init__()
        self.blocks = nn.ModuleList(Block(d) for _ in range(layers))
        self.adapter_gen = HyperAdapter(d, r, tasks, layers)
        self.cls = nn.Linear(d, 2)

    def freeze(self):
        for n, p in self.named_parameters():
            if "embed" in n or not n.endswith("weight") or n.startswith("cls"):
                continue
            p.requires_grad = False  # HC115

    def forward(self, x, t):
        for l, blk in enumerate(self.blocks):
            x = blk(x, *self.adapter_gen(t, torch.tensor(l)))
        return self.cls(x)


torch.manual_seed(3)
enc = Encoder()
enc.freeze()
optimizer = torch.optim.AdamW(enc.parameters(), lr=1e-2)
for step in range(7):
    t = torch.tensor(step % 2)
    x = torch.randn(20, 8)
    y = (x[:, step % 2] > 0).long()
    loss = F.cross_entropy(enc(x, t), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print("step", step, "loss", loss.item())
