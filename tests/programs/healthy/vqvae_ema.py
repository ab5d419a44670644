"""VQ-VAE with an EMA-updated codebook."""

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(5)


class Quantize(nn.Module):
    def __init__(self, dim, n_embed, decay=0.9, eps=1e-5):
        super().__init__()
        self.dim, self.n_embed, self.decay, self.eps = dim, n_embed, decay, eps
        embed = torch.randn(dim, n_embed)
        self.register_buffer("embed", embed)
        self.register_buffer("cluster_size", torch.zeros(n_embed))
        self.register_buffer("embed_avg", embed.clone())

    def forward(self, input):
        flatten = input.reshape(-1, self.dim)
        dist = (
            flatten.pow(2).sum(1, keepdim=True)
            - 2 * flatten @ self.embed
            + self.embed.pow(2).sum(0, keepdim=True)
        )
        _, embed_ind = (-dist).max(1)
        embed_onehot = F.one_hot(embed_ind, self.n_embed).type(flatten.dtype)
        quantize = F.embedding(embed_ind.view(*input.shape[:-1]), self.embed.transpose(0, 1))
        if self.training:
            self.cluster_size.data.mul_(self.decay).add_(embed_onehot.sum(0), alpha=1 - self.decay)
            self.embed_avg.data.mul_(self.decay).add_(flatten.t() @ embed_onehot, alpha=1 - self.decay)
            n = self.cluster_size.sum()
            cluster_size = (self.cluster_size + self.eps) / (n + self.n_embed * self.eps) * n
            self.embed.data.copy_(self.embed_avg / cluster_size.unsqueeze(0))
        diff = (quantize.detach() - input).pow(2).mean()
        return input + (quantize - input).detach(), diff, embed_ind


enc = nn.Sequential(nn.Linear(8, 16), nn.SiLU(), nn.Linear(16, 3))
quant = Quantize(3, 8)
dec = nn.Sequential(nn.Linear(3, 16), nn.SiLU(), nn.Linear(16, 8))
model = nn.ModuleList([enc, quant, dec])
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for i in range(8):
    x = torch.randn(64, 8)
    q, diff, _ = quant(enc(x))
    recon = F.mse_loss(dec(q), x)
    loss = recon + 0.25 * diff
    model.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"mse: {recon.item():.5f}; latent: {diff.item():.3f}")
