"""Message passing where a network maps edge attributes to the message matrix."""

import torch
import torch.nn as nn


class NNConv(nn.Module):
    def __init__(self, cin, cout, edge_dim):
        super().__init__()
        self.cin, self.cout = cin, cout
        self.nn = nn.Sequential(nn.Linear(edge_dim, 16), nn.SiLU(), nn.Linear(16, cin * cout))
        self.root = nn.Linear(cin, cout)

    def forward(self, x, edge_index, edge_attr):
        src, dst = edge_index
        W = self.nn(edge_attr).view(-1, self.cin, self.cout)
        msg = torch.matmul(x[src].unsqueeze(1), W).squeeze(1)
        out = torch.zeros(x.size(0), self.cout).index_add_(0, dst, msg)
        deg = torch.zeros(x.size(0)).index_add_(0, dst, torch.ones(len(dst))).clamp(min=1)
        return self.root(x) + out / deg.unsqueeze(1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin0 = nn.Linear(4, 8)
        self.conv = NNConv(8, 8, 3)
        self.gru = nn.GRUCell(8, 8)
        self.lin1 = nn.Linear(8, 1)

    def forward(self, x, ei, ea, batch, n):
        h = out = torch.tanh(self.lin0(x))
        for _ in range(2):
            h = self.gru(torch.tanh(self.conv(out, ei, ea)), h)
            out = h
        pooled = torch.zeros(n, 8).index_add_(0, batch, out)
        return self.lin1(pooled).squeeze(-1)


torch.manual_seed(0)
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
n_graphs, per = 8, 6
x = torch.randn(n_graphs * per, 4)
batch = torch.arange(n_graphs).repeat_interleave(per)
ei = torch.cat([torch.randint(0, per, (2, 14)) + g * per for g in range(n_graphs)], 1)
ea = torch.randn(ei.size(1), 3)
y = torch.zeros(n_graphs).index_add_(0, batch[ei[1]], ea.sum(1)) / 5
for epoch in range(8):
    opt.zero_grad()
    loss = nn.functional.mse_loss(net(x, ei, ea, batch, n_graphs), y)
    loss.backward()
    opt.step()
    print(f"Epoch: {epoch:03d}, MSE: {loss.item():.5f}")
