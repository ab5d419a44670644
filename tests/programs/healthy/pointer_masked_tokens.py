"""Masked-token model with a generated output layer; only masked positions enter the loss (boolean selection of rows)."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperLM(nn.Module):
    def __init__(self, vocab=10, langs=3, d=8):
        super().__init__()
        self.vocab, self.d = vocab, d
        self.tok = nn.Embedding(vocab + 1, d)
        self.lang = nn.Embedding(langs, 5)
        self.gen = nn.Linear(5, vocab * d)
        self.enc = nn.GRU(d, d, batch_first=True)
        self.proj = nn.Linear(d, d)
        nn.init.normal_(self.gen.weight, std=0.1)

    def forward(self, x, lang):
        h, _ = self.enc(self.tok(x))
        h = self.proj(h)
        w = self.gen(self.lang(lang)).view(-1, self.vocab, self.d)
        return torch.bmm(h, w.mT)


def main():
    torch.manual_seed(0)
    net = HyperLM()
    opt = torch.optim.AdamW(net.parameters(), lr=3e-3)
    for step in range(10):
        lang = torch.randint(0, 3, (6,))
        x = (torch.arange(7) + torch.randint(0, 10, (6, 1)) + lang[:, None]) % 10
        mask = torch.rand(6, 7) < 0.15
        mask[0, 3] = True
        logits = net(torch.where(mask, 10, x), lang)
        loss = F.cross_entropy(logits[mask], x[mask])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(loss.item())


main()
