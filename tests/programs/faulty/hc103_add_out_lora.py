"""Generated low-rank update merged into a dense layer before each forward."""
import torch
from torch import nn

torch.manual_seed(2)


class LoraHyper(nn.Module):
    def __init__(self, n_tasks, dim, rank=2, emb=4):
        super().__init__()
        self.task = nn.Embedding(n_tasks, emb)
        self.to_a = nn.Linear(emb, rank * dim)
        self.to_b = nn.Linear(emb, dim * rank)
        self.rank, self.dim = rank, dim

    def forward(self, t):
        e = self.task(t)
        return self.to_a(e).view(self.rank, self.dim), self.to_b(e).view(self.dim, self.rank)


dim = 8
base = torch.randn(dim, dim) / dim ** 0.5
layer = nn.Linear(dim, dim, bias=False)
readout = nn.Linear(dim, 1)
lora = LoraHyper(3, dim)
opt = torch.optim.Adam([{"params": lora.parameters(), "lr": 1e-2}, {"params": readout.parameters()}], lr=1e-3)

for it in range(9):
    t = torch.tensor(it % 3)
    a, b = lora(t)
    delta = b @ a
    with torch.no_grad():
        torch.add(base, delta, alpha=0.5, out=layer.weight)  # HC103
    x = torch.randn(16, dim)
    y = x[:, :1] * (it % 3)
    loss = (readout(torch.relu(layer(x))) - y).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"task {it % 3} loss {loss.item():.4f}")
