"""A Lightning-like trainer freezes for validation, and forgets to unfreeze the hypernetwork."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Module(nn.Module):
    def freeze(self):
        for p in self.parameters():
            p.requires_grad_(False)  # HC115
        self.eval()

    def unfreeze(self):
        for p in self.main.parameters():
            p.requires_grad_(True)
        self.train()


class HyperResBlock(Module):
    def __init__(self):
        super().__init__()
        self.main = nn.ModuleDict({"stem": nn.Linear(6, 12), "head": nn.Linear(12, 3)})
        self.hyper = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 144))

    def forward(self, x, ctx):
        h = torch.relu(self.main["stem"](x))
        w = self.hyper(ctx).view(-1, 12, 12) * 0.1
        h = h + torch.relu(torch.einsum("bij,bj->bi", w, h))
        return self.main["head"](h)

    def training_step(self, batch):
        x, c, y = batch
        return F.cross_entropy(self(x, c), y)


def loader(n):
    for _ in range(n):
        x, c = torch.randn(24, 6), torch.randn(24, 2)
        yield x, c, (x[:, :3] + c[:, :1]).argmax(1)


torch.manual_seed(3)
model = HyperResBlock()
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
model.freeze()
val = sum(model.training_step(b).item() for b in loader(2))
print("sanity check", round(val / 2, 3))
model.unfreeze()
for epoch in range(2):
    for batch in loader(8):
        loss = model.training_step(batch)
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.freeze()
    val = sum(model.training_step(b).item() for b in loader(2))
    model.unfreeze()
    print(epoch, round(val / 2, 3))
