import torch
import torch.nn as nn
import torch.nn.functional as F


class ChunkedHyper(nn.Module):
    def __init__(self, shapes, chunk=32, emb=6):
        super().__init__()
        self.shapes = shapes
        self.total = sum(torch.Size(s).numel() for s in shapes)
        n = -(-self.total // chunk)
        self.chunk_emb = nn.Parameter(torch.randn(n, emb))
        self.net = nn.Sequential(nn.Linear(emb, 16), nn.ReLU(), nn.Linear(16, chunk))

    def forward(self):
        flat = self.net(self.chunk_emb).flatten()[: self.total]
        pieces = flat.split([torch.Size(s).numel() for s in self.shapes])
        return [
            piece.view(shape).detach()  # HC104
            for piece, shape in zip(pieces, self.shapes)
        ]


def mainnet(x, ws, head):
    w1, b1, w2, b2 = ws
    return head(F.relu(F.linear(F.relu(F.linear(x, w1, b1)), w2, b2)))


torch.manual_seed(0)
hyper = ChunkedHyper([(10, 6), (10,), (8, 10), (8,)])
head = nn.Linear(8, 3)
opt = torch.optim.Adam([*hyper.parameters(), *head.parameters()], 1e-2)
x, y = torch.randn(50, 6), torch.randint(0, 3, (50,))
for step in range(10):
    loss = F.cross_entropy(mainnet(x, hyper(), head), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
