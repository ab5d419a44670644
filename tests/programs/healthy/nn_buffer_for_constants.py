"""nn.Buffer for input statistics, plain attributes for generated weights; a detached copy in a Buffer for export."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Slot(nn.Module):
    def __init__(self, o, i):
        super().__init__()
        self.last = nn.Buffer(torch.zeros(o, i), persistent=True)
        self.w = self.b = None

    def set(self, w, b):
        self.w, self.b = w, b
        self.last = nn.Buffer(w.detach().clone())

    def forward(self, x):
        return F.linear(x, self.w, self.b)


class Hyper(nn.Module):
    def __init__(self, e, shapes):
        super().__init__()
        self.shapes = shapes
        self.mean = nn.Buffer(torch.zeros(6))
        self.emb = nn.Embedding(3, e)
        self.w = nn.ModuleList(nn.Linear(e, o * i) for o, i in shapes)
        self.b = nn.ModuleList(nn.Linear(e, o) for o, _ in shapes)

    def forward(self, t, slots):
        e = self.emb(t)
        for slot, (o, i), fw, fb in zip(slots, self.shapes, self.w, self.b):
            slot.set(fw(e).view(o, i) * 0.5, fb(e))


torch.manual_seed(0)
shapes = [(10, 6), (2, 10)]
hyper, slots = Hyper(4, shapes), [Slot(*s) for s in shapes]
main = nn.Sequential(slots[0], nn.ReLU(), slots[1])
opt = torch.optim.Adam(hyper.parameters(), lr=2e-3)
for step in range(12):
    t = step % 3
    x = torch.randn(32, 6) + 1
    with torch.no_grad():
        hyper.mean.lerp_(x.mean(0), 0.1)
    hyper(torch.tensor(t), slots)
    loss = F.cross_entropy(main(x - hyper.mean), (x[:, t] > 1).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, f"{loss.item():.4f}")
print(sorted(k for k in main.state_dict()))
