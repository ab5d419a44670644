"""Federated: embedding of a client is normalised over the wrong axis (only one row is looked up)."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class ClientCode(nn.Module):
    def __init__(self, n, dim):
        super().__init__()
        self.table = nn.Embedding(n, dim)

    def forward(self, ids):
        e = self.table(ids)
        return (e - e.mean(0)) / (e.std(0, unbiased=False) + 1e-5)  # HC602 HC402 HC603


class PersonalHyper(nn.Module):
    def __init__(self, n, dim=5, d=7):
        super().__init__()
        self.codes, self.d = ClientCode(n, dim), d
        self.net = nn.Sequential(nn.Linear(dim, 24), nn.ReLU(), nn.Linear(24, 2 * d + 2))

    def forward(self, i):
        t = self.net(self.codes(torch.tensor([i])))[0]
        return t[: 2 * self.d].view(2, self.d), t[2 * self.d:]


torch.manual_seed(0)
n_clients = 5
data = [(torch.randn(40, 7), torch.randn(7)) for _ in range(n_clients)]
hyper = PersonalHyper(n_clients)
opt = torch.optim.Adam(hyper.parameters(), lr=2e-3)
for rnd in range(4):
    for i, (x, direction) in enumerate(data):
        w, b = hyper(i)
        loss = F.cross_entropy(F.linear(x, w, b), (x @ direction > 0).long())
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(rnd, f"{loss.item():.4f}")
