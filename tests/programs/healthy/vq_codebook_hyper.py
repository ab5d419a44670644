"""A VQ bottleneck picks a code for each sample; the code conditions generated decoder weights."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class VectorQuantizer(nn.Module):
    def __init__(self, n_e, e_dim, beta=0.25):
        super().__init__()
        self.beta = beta
        self.embedding = nn.Embedding(n_e, e_dim)
        self.embedding.weight.data.uniform_(-0.5, 0.5)

    def forward(self, z):
        d = torch.cdist(z, self.embedding.weight)
        idx = d.argmin(1)
        z_q = self.embedding(idx)
        loss = torch.mean((z_q.detach() - z) ** 2) * self.beta + torch.mean((z_q - z.detach()) ** 2)
        z_q = z + (z_q - z).detach()
        return z_q, loss, idx


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 4))
        self.vq = VectorQuantizer(6, 4)
        self.gen = nn.Sequential(nn.Linear(4, 24), nn.Tanh(), nn.Linear(24, 2 * 6 + 6))
        self.local = nn.Linear(6, 2)

    def forward(self, x):
        zq, vq_loss, idx = self.vq(self.enc(x))
        th = self.gen(zq)
        rec = torch.bmm(self.local(x).unsqueeze(1), th[:, :12].view(-1, 2, 6)).squeeze(1) + th[:, 12:]
        return rec, vq_loss, idx


torch.manual_seed(0)
model = Model()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
centers = torch.randn(4, 6) * 2
for i in range(8):
    x = centers[torch.randint(4, (32,))] + 0.2 * torch.randn(32, 6)
    rec, vq, idx = model(x)
    loss = F.mse_loss(rec, x) + vq
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"it {i} loss {loss.item():.4f} codes used {idx.unique().numel()}")
