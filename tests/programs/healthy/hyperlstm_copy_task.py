"""HyperLSTM on a toy next-symbol task."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperLSTMCell(nn.Module):
    def __init__(self, input_size, hidden_size, hyper_size=6, n_z=4):
        super().__init__()
        self.hp = nn.LSTMCell(hidden_size + input_size, hyper_size)
        self.z_h = nn.Linear(hyper_size, 4 * n_z)
        self.z_x = nn.Linear(hyper_size, 4 * n_z)
        self.z_b = nn.Linear(hyper_size, 4 * n_z, bias=False)
        self.d_h = nn.ModuleList([nn.Linear(n_z, hidden_size, bias=False) for _ in range(4)])
        self.d_x = nn.ModuleList([nn.Linear(n_z, hidden_size, bias=False) for _ in range(4)])
        self.d_b = nn.ModuleList([nn.Linear(n_z, hidden_size) for _ in range(4)])
        self.w_h = nn.ParameterList([nn.Parameter(torch.empty(hidden_size, hidden_size)) for _ in range(4)])
        self.w_x = nn.ParameterList([nn.Parameter(torch.empty(hidden_size, input_size)) for _ in range(4)])
        self.ln = nn.ModuleList([nn.LayerNorm(hidden_size) for _ in range(4)])
        self.ln_c = nn.LayerNorm(hidden_size)
        for w in self.w_h:
            nn.init.orthogonal_(w)
        for w in self.w_x:
            nn.init.xavier_uniform_(w)
        for lin in (self.z_h, self.z_x):
            nn.init.zeros_(lin.weight)
            nn.init.ones_(lin.bias)
        nn.init.normal_(self.z_b.weight, std=0.01)
        for d in list(self.d_h) + list(self.d_x):
            nn.init.constant_(d.weight, 0.1 / n_z)
        for d in self.d_b:
            nn.init.zeros_(d.weight)
            nn.init.zeros_(d.bias)

    def forward(self, x, state):
        h, c, hh, hc = state
        hh, hc = self.hp(torch.cat([h, x], -1), (hh, hc))
        zh, zx, zb = self.z_h(hh).chunk(4, -1), self.z_x(hh).chunk(4, -1), self.z_b(hh).chunk(4, -1)
        gates = []
        for k in range(4):
            y = (
                self.d_h[k](zh[k]) * F.linear(h, self.w_h[k])
                + self.d_x[k](zx[k]) * F.linear(x, self.w_x[k])
                + self.d_b[k](zb[k])
            )
            gates.append(self.ln[k](y))
        i, f, g, o = gates
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(self.ln_c(c))
        return h, (h, c, hh, hc)


class CharModel(nn.Module):
    def __init__(self, vocab=7, hid=10, hyp=6):
        super().__init__()
        self.hid, self.hyp = hid, hyp
        self.emb = nn.Embedding(vocab, 5)
        self.cell = HyperLSTMCell(5, hid, hyp)
        self.out = nn.Linear(hid, vocab)

    def forward(self, seq):
        B = seq.size(0)
        state = tuple(torch.zeros(B, n) for n in (self.hid, self.hid, self.hyp, self.hyp))
        logits = []
        for t in range(seq.size(1)):
            h, state = self.cell(self.emb(seq[:, t]), state)
            logits.append(self.out(h))
        return torch.stack(logits, 1)


def main():
    torch.manual_seed(0)
    model = CharModel()
    opt = torch.optim.Adam(model.parameters(), lr=1e-2)
    start = torch.randint(0, 7, (16, 1))
    data = (start + torch.arange(7)) % 7
    for step in range(8):
        logits = model(data[:, :-1])
        loss = F.cross_entropy(logits.reshape(-1, 7), data[:, 1:].reshape(-1))
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        print(f"step {step} loss {loss.item():.4f}")


if __name__ == "__main__":
    main()
