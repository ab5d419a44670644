"""FiLM: a GRU over a question produces feature-wise scales and shifts for an image CNN."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class FiLM(nn.Module):
    def forward(self, x, gammas, betas):
        gammas = gammas.unsqueeze(2).unsqueeze(3).expand_as(x)
        betas = betas.unsqueeze(2).unsqueeze(3).expand_as(x)
        return (gammas * x) + betas


class ResBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c1 = nn.Conv2d(c, c, 1)
        self.c2 = nn.Conv2d(c, c, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(c, affine=False)
        self.film = FiLM()

    def forward(self, x, g, b):
        x = F.leaky_relu(self.c1(x))
        return x + F.leaky_relu(self.film(self.bn(self.c2(x)), g, b))


class VQA(nn.Module):
    def __init__(self, vocab=9, c=6, blocks=2, classes=4):
        super().__init__()
        self.c, self.nb = c, blocks
        self.emb = nn.Embedding(vocab, 6)
        self.gru = nn.GRU(6, 12, batch_first=True)
        self.gen = nn.Linear(12, 2 * c * blocks)
        self.stem = nn.Conv2d(3, c, 3, padding=1)
        self.blocks = nn.ModuleList(ResBlock(c) for _ in range(blocks))
        self.out = nn.Linear(c, classes)

    def forward(self, img, q):
        _, h = self.gru(self.emb(q))
        film = self.gen(h.squeeze(0)).view(-1, self.nb, 2, self.c)
        x = F.leaky_relu(self.stem(img))
        for k, blk in enumerate(self.blocks):
            x = blk(x, 1 + film[:, k, 0], film[:, k, 1])
        return self.out(x.amax((2, 3)))


def main():
    torch.manual_seed(0)
    model = VQA()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-5)
    img, q = torch.randn(24, 3, 6, 6), torch.randint(0, 9, (24, 5))
    a = torch.randint(0, 4, (24,))
    for it in range(8):
        loss = F.cross_entropy(model(img, q), a)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(it, loss.item())


main()
