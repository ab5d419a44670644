"""Visual reasoning toy: FiLM from a question GRU. The head makes (gamma, beta), the block takes gamma alone."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class FiLMGenerator(nn.Module):
    def __init__(self, vocab, blocks, ch, hid=12):
        super().__init__()
        self.blocks, self.ch = blocks, ch
        self.emb = nn.Embedding(vocab, 6)
        self.gru = nn.GRU(6, hid, batch_first=True)
        self.out = nn.Linear(hid, blocks * 2 * ch)  # HC203

    def forward(self, q):
        _, h = self.gru(self.emb(q))
        return self.out(h[-1]).view(-1, self.blocks, 2 * self.ch)


class FiLMedBlock(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.proj = nn.Conv2d(ch, ch, 1)
        self.conv = nn.Conv2d(ch, ch, 3, padding=1)
        self.bn = nn.BatchNorm2d(ch, affine=False)

    def forward(self, x, film):
        gamma, beta = film.chunk(2, dim=-1)  # HC203
        x = F.relu(self.proj(x))
        y = self.bn(self.conv(x))
        y = y * (1 + gamma[:, :, None, None])
        return x + F.relu(y)


class VQA(nn.Module):
    def __init__(self, ch=6):
        super().__init__()
        self.gen = FiLMGenerator(10, 2, ch)
        self.stem = nn.Conv2d(3, ch, 3, padding=1)
        self.blocks = nn.ModuleList(FiLMedBlock(ch) for _ in range(2))
        self.cls = nn.Linear(ch, 2)

    def forward(self, img, q):
        film = self.gen(q)
        x = self.stem(img)
        for k, b in enumerate(self.blocks):
            x = b(x, film[:, k])
        return self.cls(x.amax((2, 3)))


def main():
    torch.manual_seed(0)
    model = VQA()
    opt = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-5)
    for step in range(14):
        img = torch.rand(12, 3, 6, 6)
        q = torch.randint(0, 10, (12, 4))
        col = q[:, 0] % 3
        y = (img[torch.arange(12), col].mean((1, 2)) > 0.5).long()
        loss = F.cross_entropy(model(img, q), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(loss.item())


main()
