import torch
import torch.nn as nn
import torch.nn.functional as F


class LoraGenerator(nn.Module):
    """task -> (A, B) for one frozen projection"""

    def __init__(self, tasks=2, d=6, r=2, emb=4):
        super().__init__()
        self.emb = nn.Embedding(tasks, emb)
        self.body = nn.Sequential(nn.Linear(emb, 12), nn.ReLU())
        self.to_a, self.to_b = nn.Linear(12, r * d), nn.Linear(12, d * r)
        for head in (self.to_a, self.to_b):
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)
        self.d, self.r = d, r

    def forward(self, t):
        h = self.body(self.emb(t))
        return self.to_b(h).view(self.d, self.r) @ self.to_a(h).view(self.r, self.d)  # HC402


torch.manual_seed(0)
frozen = nn.Linear(6, 6)
for p in frozen.parameters():
    p.requires_grad_(False)
gen, cls = LoraGenerator(), nn.Linear(6, 2)
opt = torch.optim.Adam([*gen.parameters(), *cls.parameters()], lr=1e-2)
for i in range(8):
    t = torch.tensor(i % 2)
    x = torch.randn(20, 6)
    y = (x[:, i % 2] > 0).long()
    w = frozen.weight + 2.0 * gen(t)
    loss = F.cross_entropy(cls(torch.relu(F.linear(x, w, frozen.bias))), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("step", i, "task", i % 2, "loss", loss.item())
