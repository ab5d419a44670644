import torch
import torch.nn as nn
import torch.nn.functional as F


class ChunkHyper(nn.Module):
    def __init__(self, main_shapes, chunk=40, n_chunks=50, emb=5):
        super().__init__()
        self.shapes = main_shapes
        self.embs = nn.Parameter(torch.randn(n_chunks, emb))  # HC203
        self.f = nn.Sequential(nn.Linear(emb, 20), nn.ReLU(), nn.Linear(20, chunk))

    def forward(self):
        flat = self.f(self.embs).view(-1)  # HC203
        out, i = [], 0
        for s in self.shapes:
            n = torch.Size(s).numel()
            out.append(flat[i : i + n].view(s))
            i += n
        return out


torch.manual_seed(0)
hyper = ChunkHyper([(10, 8), (10,), (4, 10), (4,)])
opt = torch.optim.Adam(hyper.parameters(), lr=1e-2)
for i in range(8):
    x, y = torch.randn(16, 8), torch.randint(0, 4, (16,))
    w1, b1, w2, b2 = hyper()
    loss = F.cross_entropy(F.linear(F.relu(F.linear(x, w1, b1)), w2, b2), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
