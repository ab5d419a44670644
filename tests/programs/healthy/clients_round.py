"""FL: in the warm-up rounds only the first clients have joined; they are trained in one vectorised call."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class HN(nn.Module):
    def __init__(self, n=8):
        super().__init__()
        self.emb = nn.Embedding(n, 5)
        self.mlp = nn.Sequential(nn.Linear(5, 24), nn.ReLU(), nn.Linear(24, 4 * 2))

    def forward(self, ids):
        return self.mlp(self.emb(ids)).view(-1, 4, 2)


torch.manual_seed(0)
hn = HN()
opt = torch.optim.SGD(hn.parameters(), lr=0.1, momentum=0.9)
data = [(torch.randn(40, 4), torch.randn(4, 2)) for _ in range(8)]
for r in range(20):
    joined = torch.tensor([0, 1, 2]) if r < 14 else torch.randperm(8)[:3]
    i = torch.randperm(40)[:16]
    x = torch.stack([data[c][0][i] for c in joined])
    y = torch.stack([(data[c][0][i] @ data[c][1]).argmax(1) for c in joined])
    logits = torch.bmm(x, hn(joined))
    loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
