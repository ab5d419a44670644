import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(4, 5)
        self.l1 = nn.Linear(5, 16)
        self.l2 = nn.Linear(16, 6 * 3)
        nn.init.constant_(self.l1.bias, -50.0)

    def forward(self, t):
        h = F.relu(self.l1(self.emb(t)))  # HC402
        return self.l2(h).view(3, 6)


hyper = Hyper()
opt = torch.optim.Adam(hyper.parameters(), lr=1e-3)
for i in range(12):
    x, y = torch.randn(20, 6), torch.randint(0, 3, (20,))
    loss = F.cross_entropy(F.linear(x, hyper(torch.tensor(i % 4))), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
