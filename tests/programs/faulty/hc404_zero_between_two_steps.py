"""Two optimizers, one backward; the model is zeroed after the first one has stepped."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperSeq(nn.Module):
    def __init__(self, vocab=12, d=8, e=4, langs=3):
        super().__init__()
        self.tok = nn.Embedding(vocab, d)
        self.lang = nn.Embedding(langs, e)
        self.to_w = nn.Sequential(nn.Linear(e, 16), nn.ReLU(), nn.Linear(16, d * d))
        self.dec = nn.Linear(d, vocab)
        self.d = d

    def hyper_parameters(self):
        return [*self.lang.parameters(), *self.to_w.parameters()]

    def main_parameters(self):
        return [*self.tok.parameters(), *self.dec.parameters()]

    def forward(self, ids, lang):
        w = self.to_w(self.lang(lang)).view(-1, self.d, self.d) / self.d ** 0.5
        h = torch.einsum("bij,btj->bti", w, self.tok(ids))
        return self.dec(torch.tanh(h))


torch.manual_seed(0)
net = HyperSeq()
opt_main = torch.optim.Adam(net.main_parameters(), lr=1e-3)
opt_hyper = torch.optim.SGD(net.hyper_parameters(), lr=1e-2)
for it in range(14):
    lang = torch.randint(0, 3, (16,))
    ids = torch.randint(0, 12, (16, 6))
    nxt = (ids + 1 + lang[:, None]) % 12
    loss = F.cross_entropy(net(ids, lang).flatten(0, 1), nxt.flatten())
    loss.backward()
    opt_main.step()
    net.zero_grad()  # HC404
    opt_hyper.step()
    print(it, f"{loss.item():.4f}")
