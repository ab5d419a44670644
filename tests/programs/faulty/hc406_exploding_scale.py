import torch
import torch.nn as nn
import torch.nn.functional as F


class Hyper(nn.Module):
    def __init__(self, depth=6, w=16):
        super().__init__()
        self.z = nn.Parameter(torch.randn(1, w))
        self.f = nn.ModuleList(nn.Linear(w, w) for _ in range(depth))
        self.head = nn.Linear(w, 4 * 6)
        for l in self.f:
            nn.init.normal_(l.weight, std=60.0)  # HC406 HC601

    def forward(self):
        h = self.z
        for l in self.f:
            h = F.relu(l(h))  # HC406 HC601
        return self.head(h).view(4, 6)  # HC406 HC601


torch.manual_seed(0)
hyper = Hyper()
opt = torch.optim.Adam(hyper.parameters(), lr=1e-3)
for i in range(10):
    x, y = torch.randn(16, 6), torch.randint(0, 4, (16,))
    loss = F.cross_entropy(F.linear(x, hyper()), y)  # HC601 HC406
    opt.zero_grad()
    loss.backward()
    opt.step()
