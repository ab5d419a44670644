"""Federated clients: a large sparse table of embeddings, and one hypernetwork for all of them."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class ClientHyper(nn.Module):
    def __init__(self, clients, features=5, classes=3):
        super().__init__()
        self.features, self.classes = features, classes
        self.table = nn.Embedding(clients, 8, sparse=True)
        self.net = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, (features + 1) * classes))

    def forward(self, client):
        flat = self.net(self.table(client))
        split = self.features * self.classes
        return flat[:, :split].view(-1, self.classes, self.features), flat[:, split:]


model = ClientHyper(500)
dense = [p for name, p in model.named_parameters() if not name.startswith("table")]
opt = torch.optim.Adam(dense, lr=1e-3)  # HC304
for step in range(8):
    client = torch.randint(0, 500, (6,))
    w, b = model(client)
    x = torch.randn(6, 10, 5)
    y = torch.randint(0, 3, (6, 10))
    logits = torch.baddbmm(b.unsqueeze(1), x, w.transpose(1, 2))
    loss = F.cross_entropy(logits.reshape(-1, 3), y.reshape(-1))
    model.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
