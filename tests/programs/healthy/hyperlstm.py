import torch
from torch import nn


class HyperLSTMCell(nn.Module):
    def __init__(self, inp, hid, hyper, nz):
        super().__init__()
        self.hyper = nn.LSTMCell(hid + inp, hyper)
        self.z_h = nn.Linear(hyper, 4 * nz)
        self.z_x = nn.Linear(hyper, 4 * nz)
        self.z_b = nn.Linear(hyper, 4 * nz, bias=False)
        self.d_h = nn.ModuleList([nn.Linear(nz, hid, bias=False) for _ in range(4)])
        self.d_x = nn.ModuleList([nn.Linear(nz, hid, bias=False) for _ in range(4)])
        self.d_b = nn.ModuleList([nn.Linear(nz, hid) for _ in range(4)])
        self.w_h = nn.ParameterList([nn.Parameter(torch.randn(hid, hid) * 0.1) for _ in range(4)])
        self.w_x = nn.ParameterList([nn.Parameter(torch.randn(hid, inp) * 0.1) for _ in range(4)])
        self.norm = nn.ModuleList([nn.LayerNorm(hid) for _ in range(4)])
        self.norm_c = nn.LayerNorm(hid)
        for z in (self.z_h, self.z_x):
            nn.init.zeros_(z.weight)
            nn.init.ones_(z.bias)
        for d in [*self.d_h, *self.d_x]:
            nn.init.constant_(d.weight, 0.1 / nz)
        for d in self.d_b:
            nn.init.zeros_(d.weight)

    def forward(self, x, h, c, hh, hc):
        hh, hc = self.hyper(torch.cat((h, x), -1), (hh, hc))
        zh, zx, zb = self.z_h(hh).chunk(4, -1), self.z_x(hh).chunk(4, -1), self.z_b(hh).chunk(4, -1)
        g = []
        for i in range(4):
            y = (
                self.d_h[i](zh[i]) * (h @ self.w_h[i].t())
                + self.d_x[i](zx[i]) * (x @ self.w_x[i].t())
                + self.d_b[i](zb[i])
            )
            g.append(self.norm[i](y))
        i, f, o, u = g[0].sigmoid(), g[1].sigmoid(), g[2].sigmoid(), g[3].tanh()
        c = f * c + i * u
        return o * self.norm_c(c).tanh(), c, hh, hc


class LM(nn.Module):
    def __init__(self, vocab=11):
        super().__init__()
        self.emb, self.cell, self.out = (
            nn.Embedding(vocab, 6),
            HyperLSTMCell(6, 10, 5, 3),
            nn.Linear(10, vocab),
        )

    def forward(self, tok):
        h = c = tok.new_zeros(tok.size(0), 10, dtype=torch.float)
        hh = hc = tok.new_zeros(tok.size(0), 5, dtype=torch.float)
        outs = []
        for t in range(tok.size(1)):
            h, c, hh, hc = self.cell(self.emb(tok[:, t]), h, c, hh, hc)
            outs.append(self.out(h))
        return torch.stack(outs, 1)


torch.manual_seed(0)
lm = LM()
opt = torch.optim.Adam(lm.parameters(), lr=2e-3)
for step in range(8):
    tok = torch.randint(0, 11, (4, 7))
    loss = nn.functional.cross_entropy(lm(tok[:, :-1]).flatten(0, 1), tok[:, 1:].flatten())
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(lm.parameters(), 1.0)
    opt.step()
