"""MetaModule params dict put in an nn.ParameterDict so that `.parameters()` works for clipping."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Hypo:
    def __init__(self, params):
        self.params = nn.ParameterDict(params)  # HC101

    def __call__(self, x):
        p = self.params
        return F.linear(torch.relu(F.linear(x, p["w0"], p["b0"])), p["w1"], p["b1"])


class Meta(nn.Module):
    spec = dict(w0=(8, 3), b0=(8,), w1=(2, 8), b1=(2,))

    def __init__(self):
        super().__init__()
        self.enc = nn.LSTM(3, 10, batch_first=True)
        self.gens = nn.ModuleDict({k: nn.Linear(10, torch.Size(s).numel()) for k, s in self.spec.items()})

    def forward(self, ctx):
        _, (h, _) = self.enc(ctx)
        return Hypo({k: self.gens[k](h[-1, 0]).view(s) for k, s in self.spec.items()})


torch.manual_seed(0)
meta = Meta()
opt = torch.optim.Adam(meta.parameters(), lr=1e-3)
for it in range(7):
    net = meta(torch.randn(1, 5, 3))
    loss = F.mse_loss(net(torch.randn(9, 3)), torch.randn(9, 2))
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.params.parameters(), 1.0)
    opt.step()
