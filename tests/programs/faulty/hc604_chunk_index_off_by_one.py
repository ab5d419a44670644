"""Chunked hypernetwork: a loop over chunk embeddings."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class ChunkedHNet(nn.Module):
    def __init__(self, n_params, chunk=32, emb=8, hid=24):
        super().__init__()
        self.n_params, self.chunk = n_params, chunk
        self.n_chunks = math.ceil(n_params / chunk)
        self.chunk_emb = nn.ParameterList([nn.Parameter(torch.randn(emb)) for _ in range(self.n_chunks)])
        self.fc1 = nn.Linear(emb, hid)
        self.fc2 = nn.Linear(hid, chunk)

    def forward(self):
        parts = []
        for i in range(self.n_chunks):
            e = self.chunk_emb[max(i - 1, 0)]  # HC604 HC401
            parts.append(self.fc2(F.elu(self.fc1(e))))
        return torch.cat(parts)[: self.n_params] * 0.2


class Classifier:
    shapes = {"w0": (16, 12), "b0": (16,), "w1": (4, 16), "b1": (4,)}

    @classmethod
    def count(cls):
        return sum(math.prod(s) for s in cls.shapes.values())

    @classmethod
    def apply(cls, x, theta):
        p = {}
        for (name, shape), t in zip(cls.shapes.items(), theta.split([math.prod(s) for s in cls.shapes.values()])):
            p[name] = t.reshape(shape)
        return F.linear(F.relu(F.linear(x, p["w0"], p["b0"])), p["w1"], p["b1"])


torch.manual_seed(3)
hnet = ChunkedHNet(Classifier.count())
opt = torch.optim.RMSprop(hnet.parameters(), lr=1e-3)
X = torch.randn(200, 12)
Y = (X[:, :4] + 0.1 * torch.randn(200, 4)).argmax(-1)
for step in range(20):
    sel = torch.randint(0, 200, (40,))
    logits = Classifier.apply(X[sel], hnet())
    loss = F.cross_entropy(logits, Y[sel])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 5 == 4:
        with torch.no_grad():
            acc = (Classifier.apply(X, hnet()).argmax(1) == Y).float().mean()
        print(f"{step + 1:3d} loss {loss.item():.3f} acc {acc:.2f}")
