"""FiLM conditioned classifier: question -> (gamma, beta) for two blocks."""
import torch
from torch import nn
import torch.nn.functional as F


class QuestionEncoder(nn.Module):
    def __init__(self, vocab=15, dim=8):
        super().__init__()
        self.emb = nn.Embedding(vocab, dim)
        self.gru = nn.GRU(dim, dim, batch_first=True)

    def forward(self, q):
        _, h = self.gru(self.emb(q))
        return h[-1]


class FiLMNet(nn.Module):
    def __init__(self, ch=6, dim=8):
        super().__init__()
        self.q = QuestionEncoder(dim=dim)
        self.film = nn.ModuleList(nn.Linear(dim, 2 * ch) for _ in range(2))
        self.stem = nn.Conv2d(2, ch, 3, padding=1)
        self.blocks = nn.ModuleList(nn.Conv2d(ch, ch, 3, padding=1) for _ in range(2))
        self.out = nn.Linear(ch, 3)

    def forward(self, img, question):
        cond = self.q(question).detach()  # HC104
        h = F.relu(self.stem(img))
        for conv, film in zip(self.blocks, self.film):
            gamma, beta = film(cond).unsqueeze(-1).unsqueeze(-1).chunk(2, dim=1)
            h = F.relu((1 + gamma) * conv(h) + beta)
        return self.out(h.mean((2, 3)))


torch.manual_seed(17)
net = FiLMNet()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for step in range(6):
    img = torch.randn(6, 2, 5, 5)
    q = torch.randint(0, 15, (6, 4))
    ans = q[:, 0] % 3
    loss = F.cross_entropy(net(img, q), ans)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("step", step, "loss", loss.item())
