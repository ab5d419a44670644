import torch
import torch.nn as nn
import torch.nn.functional as F


class RowHyper(nn.Module):
    """Generates the main layer's weight row by row from (task, row) embeddings."""

    def __init__(self, rows, cols):
        super().__init__()
        self.rows = rows
        self.row_emb = nn.Embedding(rows, 8)
        self.f = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, cols))

    def weight(self):
        scale = self.f(self.row_emb.weight).norm()
        rows = [self.f(self.row_emb(torch.tensor(r))) / scale for r in range(self.rows)]
        return torch.as_tensor([[v for v in row] for row in rows])  # HC112 HC111


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hyper = RowHyper(6, 4)
        self.out = nn.Linear(6, 2)

    def forward(self, x):
        return self.out(F.relu(F.linear(x, self.hyper.weight())))


torch.manual_seed(0)
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for _ in range(8):
    x = torch.randn(16, 4)
    loss = F.cross_entropy(net(x), (x[:, 0] > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
