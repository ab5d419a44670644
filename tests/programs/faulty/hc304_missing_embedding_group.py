import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
emb = nn.Embedding(6, 4)
hn = nn.Sequential(nn.Linear(4, 16), nn.ELU(), nn.Linear(16, 7 * 3))
bias = nn.Parameter(torch.zeros(3))
optimizer = torch.optim.SGD(
    [
        {"params": hn.parameters(), "lr": 1e-2},
        {"params": [bias], "lr": 1e-1},
    ],
    momentum=0.9,
)  # HC304
for step in range(10):
    client = torch.randint(0, 6, ())
    x, y = torch.randn(20, 7), torch.randint(0, 3, (20,))
    w = hn(emb(client)).reshape(3, 7)
    loss = F.cross_entropy(F.linear(x, w, bias), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
