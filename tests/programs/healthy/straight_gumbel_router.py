import torch
import torch.nn as nn
import torch.nn.functional as F


class MoEHyper(nn.Module):
    """Hard gumbel-softmax picks an embedding of a codebook, from which weights are made. VQ with commitment."""

    def __init__(self, c=3, k=4, e=6):
        super().__init__()
        self.logits = nn.Linear(c, k)
        self.code = nn.Parameter(torch.randn(k, e))
        self.pre = nn.Linear(c, e)
        self.vq = nn.Embedding(8, e)
        self.gen = nn.Linear(e, 5 * 2)

    def forward(self, c):
        g = F.gumbel_softmax(self.logits(c), tau=1.0, hard=True) @ self.code
        z = self.pre(c) + g
        d = torch.cdist(z, self.vq.weight)
        q = self.vq(d.argmin(-1))
        vq_loss = F.mse_loss(q, z.detach()) + 0.25 * F.mse_loss(z, q.detach())
        q = z + (q - z).detach()
        return self.gen(q).view(-1, 2, 5), vq_loss


torch.manual_seed(0)
net = MoEHyper()
opt = torch.optim.AdamW(net.parameters(), lr=3e-3)
for i in range(10):
    c, x = torch.randn(16, 3), torch.randn(16, 5)
    w, vq = net(c)
    out = torch.matmul(w, x.unsqueeze(-1)).squeeze(-1)
    loss = F.cross_entropy(out, (c[:, 0] > 0).long()) + vq
    opt.zero_grad()
    loss.backward()
    opt.step()
