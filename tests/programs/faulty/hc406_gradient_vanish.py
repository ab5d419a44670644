import torch
import torch.nn as nn
import torch.nn.functional as F


class DeepHyper(nn.Module):
    """Sigmoid MLP, 12 layers deep, squashed at each of them."""

    def __init__(self, depth=12, w=16, n=24):
        super().__init__()
        self.z = nn.Embedding(3, 8)
        self.inp = nn.Linear(8, w)
        self.hidden = nn.ModuleList(nn.Linear(w, w) for _ in range(depth))  # HC406
        self.head = nn.Linear(w, n)
        for l in self.hidden:
            nn.init.normal_(l.weight, std=1e-3)  # HC406

    def forward(self, t):
        h = torch.sigmoid(self.inp(self.z(t)))
        for l in self.hidden:
            h = torch.sigmoid(l(h))  # HC406
        return self.head(h)


torch.manual_seed(0)
hyper = DeepHyper()
opt = torch.optim.SGD(hyper.parameters(), lr=0.1)
for i in range(12):
    x, y = torch.randn(16, 8), torch.randint(0, 3, (16,))
    w = hyper(torch.tensor(i % 3)).view(3, 8)
    loss = F.cross_entropy(F.linear(x, w), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
