"""Personalised federated learning, pFedHN-like, end to end variant."""
import torch
from torch import nn
import torch.nn.functional as F


class Client(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(10, 12)
        self.fc2 = nn.Linear(12, 3)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))


class HN(nn.Module):
    def __init__(self, n_clients, net):
        super().__init__()
        self.emb = nn.Embedding(n_clients, 6)
        self.mlp = nn.Sequential(nn.Linear(6, 20), nn.ReLU(), nn.Linear(20, 20), nn.ReLU())
        self.out = nn.ModuleDict({n.replace(".", "-"): nn.Linear(20, p.numel()) for n, p in net.named_parameters()})
        self.shapes = {n.replace(".", "-"): p.shape for n, p in net.named_parameters()}

    def forward(self, idx):
        f = self.mlp(self.emb(idx))
        return {n: self.out[n](f).view(s) for n, s in self.shapes.items()}


def load_client(net, weights):
    for n, p in net.named_parameters():
        key = n.replace(".", "-")
        p.data.copy_(weights[key])  # HC102


def train(rounds=10):
    torch.manual_seed(1)
    net = Client()
    hn = HN(5, net)
    opt = torch.optim.SGD(hn.parameters(), lr=1e-2, momentum=0.9)
    xs, ys = torch.randn(5, 16, 10), torch.randint(0, 3, (5, 16))
    for r in range(rounds):
        cid = torch.tensor(r % 5)
        load_client(net, hn(cid))
        loss = F.cross_entropy(net(xs[r % 5]), ys[r % 5])
        opt.zero_grad()
        loss.backward()
        opt.step()
        print(r, round(loss.item(), 3))


if __name__ == "__main__":
    train()
