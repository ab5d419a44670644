"""A graph convolution over a sparse adjacency, its weights generated from the degree statistics."""

import torch
import torch.nn as nn

torch.manual_seed(53)
N = 12


def random_graph():
    edges = torch.randint(0, N, (2, 40))
    both = torch.cat([edges, edges.flip(0), torch.arange(N).repeat(2, 1)], 1)
    return torch.sparse_coo_tensor(both, torch.ones(both.shape[1]), (N, N)).coalesce()


class GraphHyper(nn.Module):
    def __init__(self, features=5, classes=3):
        super().__init__()
        self.shape = features, classes
        self.net = nn.Sequential(nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, features * classes))
        self.bias = nn.Parameter(torch.zeros(classes))

    def forward(self, adjacency, x):
        degree = torch.sparse.sum(adjacency, 1).to_dense()
        w = self.net(torch.stack([degree.mean(), degree.std()])).view(self.shape)
        return torch.sparse.mm(adjacency, x @ w) / degree.unsqueeze(1) + self.bias


model = GraphHyper()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for step in range(8):
    adjacency, x = random_graph(), torch.randn(N, 5)
    y = torch.sparse.mm(adjacency, x)[:, :3].argmax(1)
    loss = nn.functional.cross_entropy(model(adjacency, x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
