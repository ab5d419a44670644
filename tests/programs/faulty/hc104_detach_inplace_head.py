import torch as th
import torch.nn as nn


class HyperActor(nn.Module):
    """state-conditioned actor whose last layer is generated from a meta-variable"""

    def __init__(self, sdim=5, mdim=3, adim=2, hid=8):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(sdim, hid), nn.ReLU())
        self.meta = nn.Sequential(nn.Linear(mdim, 12), nn.ReLU())
        self.gen_w = nn.Linear(12, hid * adim)
        self.gen_b = nn.Linear(12, adim)
        self.gen_scale = nn.Linear(12, adim)
        self.hid, self.adim = hid, adim

    def forward(self, s, m):
        feat = self.meta(m)
        w = self.gen_w(feat).view(-1, self.adim, self.hid)
        b = self.gen_b(feat).unsqueeze(-1)
        g = 1 + self.gen_scale(feat)
        g.detach_()  # HC104
        out = th.baddbmm(b, w, self.body(s).unsqueeze(-1)).squeeze(-1)
        return th.tanh(out) * g


th.manual_seed(31)
actor = HyperActor()
optim = th.optim.Adam(actor.parameters(), lr=1e-3)
for k in range(9):
    s, m = th.randn(16, 5), th.randn(16, 3)
    q = -(actor(s, m) - th.stack([m.sum(1), s.mean(1)], 1)).pow(2).sum(1)
    loss = -q.mean()
    optim.zero_grad()
    loss.backward()
    optim.step()
    print("actor loss", loss.item())
