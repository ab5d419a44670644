"""Only the adapter of the main net is generated; the backbone trains normally."""
import torch
from torch import nn


class Adapter(nn.Module):
    def __init__(self, d=8, r=3):
        super().__init__()
        self.down = nn.Linear(d, r)
        self.up = nn.Linear(r, d)

    def forward(self, h):
        return h + self.up(torch.relu(self.down(h)))


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp = nn.Linear(5, 8)
        self.adapter = Adapter()
        self.out = nn.Linear(8, 2)

    def forward(self, x):
        return self.out(self.adapter(torch.tanh(self.inp(x))))


class AdapterHyper(nn.Module):
    def __init__(self, tasks=2, d=8, r=3):
        super().__init__()
        self.e = nn.Embedding(tasks, 6)
        self.down = nn.Linear(6, r * d)
        self.up = nn.Linear(6, d * r)
        self.d, self.r = d, r

    def forward(self, t):
        e = self.e(t)
        return {"adapter.down.weight": self.down(e).view(self.r, self.d),
                "adapter.up.weight": self.up(e).view(self.d, self.r)}


def fit(model, hyper, steps=8):
    opt = torch.optim.AdamW(list(model.parameters()) + list(hyper.parameters()), lr=1e-2)
    for s in range(steps):
        t = s % 2
        model.load_state_dict(hyper(torch.tensor(t)), strict=False)  # HC107
        x = torch.randn(20, 5)
        y = (x[:, t] > 0.2).long()
        loss = nn.functional.cross_entropy(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        print(f"step {s} task {t} loss {loss.item():.4f}")


torch.manual_seed(23)
fit(Backbone(), AdapterHyper())
