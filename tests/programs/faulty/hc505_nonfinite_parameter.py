import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Embedding(2, 4)
        self.f = nn.Linear(4, 12)

    def forward(self, t):
        return self.f(self.e(t)).view(2, 6)


hyper = Hyper()
opt = torch.optim.Adam(hyper.parameters(), lr=1e-3, eps=0.0)  # HC505
for i in range(8):
    x, y = torch.randn(20, 6), torch.randint(0, 2, (20,))
    logits = F.linear(x, hyper(torch.tensor(i % 2)))
    loss = F.cross_entropy(logits, y)
    opt.zero_grad()
    loss.backward()
    opt.step()  # HC505
