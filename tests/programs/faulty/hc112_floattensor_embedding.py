"""Hyper-recommender: item table rows generated from attributes, user table learned."""
import warnings

import torch
from torch import nn

warnings.simplefilter("ignore")

torch.manual_seed(71)
n_users, n_items, d, a = 7, 9, 4, 6
attributes = torch.rand(n_items, a)


class ItemHyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Sequential(nn.Linear(a, 10), nn.ReLU(), nn.Linear(10, d))

    def forward(self, attr):
        return self.lin(attr)


users = nn.Embedding(n_users, d)
hyper = ItemHyper()
optimizer = torch.optim.Adagrad(list(users.parameters()) + list(hyper.parameters()), lr=0.05)

for it in range(8):
    rows = [hyper(attr) for attr in attributes]
    table = users.weight.new_tensor([[v for v in r] for r in rows])  # HC112
    u, i = torch.randint(0, n_users, (32,)), torch.randint(0, n_items, (32,))
    score = (users(u) * nn.functional.embedding(i, table)).sum(1)
    click = ((u + i) % 3 == 0).float()
    loss = nn.functional.binary_cross_entropy_with_logits(score, click)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(it, loss.item())
