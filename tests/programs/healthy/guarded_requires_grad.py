"""Some batches have only cached (frozen) users: their loss has no graph, `if loss.requires_grad`."""
import torch, torch.nn as nn, torch.nn.functional as F
class UserHyper(nn.Module):
    def __init__(self, n): super().__init__(); self.emb = nn.Embedding(n, 5); self.gen = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 4))
    def forward(self, u): return self.gen(self.emb(u))
class Runner:
    def __init__(self):
        torch.manual_seed(0); self.h = UserHyper(6); self.opt = torch.optim.Adam(self.h.parameters(), 2e-2); self.cache = {}
    def weights(self, u, train):
        if not train:
            if u not in self.cache:
                with torch.no_grad(): self.cache[u] = self.h(torch.tensor(u))
            return self.cache[u]
        return self.h(torch.tensor(u))
    def step(self, u, x, y, train):
        w = self.weights(u, train); loss = F.mse_loss(x @ w[:3] + w[3], y)
        if loss.requires_grad:
            self.opt.zero_grad(); loss.backward(); self.opt.step(); self.cache.clear()
        return loss.item()
r = Runner(); X = torch.randn(6, 16, 3); Y = X.sum(-1) * torch.arange(1., 7.).view(6, 1)
for ep in range(6):
    tr = [r.step(u, X[u], Y[u], True) for u in range(4)]; va = [r.step(u, X[u], Y[u], False) for u in range(6)]
    print(ep, sum(tr) / 4, sum(va) / 6)
