"""Train / validate loop; validation runs under inference_mode and caches the generated weights."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class WeightGenerator(nn.Module):
    def __init__(self, tasks, dims, emb=8, hid=24):
        super().__init__()
        self.dims = dims
        self.emb = nn.Embedding(tasks, emb)
        self.trunk = nn.Sequential(nn.Linear(emb, hid), nn.LayerNorm(hid), nn.GELU())
        self.heads = nn.ModuleDict()
        for k, (i, o) in enumerate(zip(dims[:-1], dims[1:])):
            self.heads[f"w{k}"] = nn.Linear(hid, i * o)
            self.heads[f"b{k}"] = nn.Linear(hid, o)

    def forward(self, t):
        h = self.trunk(self.emb(t))
        params = {}
        for k, (i, o) in enumerate(zip(self.dims[:-1], self.dims[1:])):
            params[f"w{k}"] = self.heads[f"w{k}"](h).view(o, i) / i**0.5
            params[f"b{k}"] = self.heads[f"b{k}"](h)
        return params


def mlp(x, params):
    n = len(params) // 2
    for k in range(n):
        x = F.linear(x, params[f"w{k}"], params[f"b{k}"])
        if k < n - 1:
            x = F.gelu(x)
    return x


@torch.inference_mode()
def validate(gen, data):
    gen.eval()
    cache = {t: gen(torch.tensor(t)) for t in range(len(data))}
    accs = []
    for t, (x, y) in enumerate(data):
        accs.append((mlp(x, cache[t]).argmax(-1) == y).float().mean().item())
    gen.train()
    return accs


def make(n, t, g):
    x = torch.randn(n, 6, generator=g)
    return x, (x[:, t] > 0).long()


if __name__ == "__main__":
    g = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    gen = WeightGenerator(3, (6, 12, 2))
    train_data, val_data = [make(32, t, g) for t in range(3)], [make(16, t, g) for t in range(3)]
    opt = torch.optim.Adam(gen.parameters(), lr=1e-2)
    for epoch in range(4):
        for t in torch.randperm(3, generator=g).tolist():
            x, y = train_data[t]
            loss = F.cross_entropy(mlp(x, gen(torch.tensor(t))), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
        print(f"epoch {epoch} loss {loss.item():.4f} val acc {validate(gen, val_data)}")
