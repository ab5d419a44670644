"""The embedding layer is built in forward(), a new one in every step."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Hyper(nn.Module):
    def __init__(self, n=3, e=4, d=6):
        super().__init__()
        self.n, self.e, self.d = n, e, d
        self.emb = nn.Embedding(n, e)
        self.gen = nn.Sequential(nn.Linear(e, 16), nn.Tanh(), nn.Linear(16, 2 * d))

    def forward(self, t):
        self.emb = nn.Embedding(self.n, self.e)  # HC305 HC304
        return self.gen(self.emb(t)).view(2, self.d)


torch.manual_seed(0)
hyper = Hyper()
opt = torch.optim.Adam(hyper.parameters(), lr=2e-3)
for step in range(15):
    t = step % 3
    x = torch.randn(32, 6)
    loss = F.cross_entropy(F.linear(x, hyper(torch.tensor(t))), (x[:, t] > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, f"{loss.item():.4f}")
