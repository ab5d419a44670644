"""Generated edge weights are put into a sparse matrix anew."""
import torch
import torch.nn as nn

torch.manual_seed(53)
N = 12


class EdgeHyper(nn.Module):
    def __init__(self, features=5):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2 * features, 24), nn.ReLU(), nn.Linear(24, 1))
        self.readout = nn.Linear(features, 3)

    def forward(self, edges, x):
        strength = self.net(torch.cat([x[edges[0]], x[edges[1]]], 1)).squeeze(1)
        strength = torch.tensor(strength.tolist())  # HC111
        adjacency = torch.sparse_coo_tensor(edges, strength, (N, N))
        return self.readout(torch.sparse.mm(adjacency, x))


model = EdgeHyper()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for step in range(8):
    edges, x = torch.randint(0, N, (2, 40)), torch.randn(N, 5)
    y = x[:, :3].argmax(1)
    loss = nn.functional.cross_entropy(model(edges, x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
