"""Chunked hypernetwork: chunk codes are shared between the layers, a layer code tells them apart."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class ChunkedHNet(nn.Module):
    def __init__(self, shapes, chunk=32, emb=8, hid=24):
        super().__init__()
        self.shapes, self.chunk = shapes, chunk
        self.per_layer = [math.ceil(math.prod(s) / chunk) for s in shapes]
        self.chunk_emb = nn.ParameterList(
            [nn.Parameter(torch.randn(emb)) for _ in range(max(self.per_layer))]
        )
        self.layer_emb = nn.Parameter(torch.randn(len(shapes), emb))
        self.fc1, self.fc2 = nn.Linear(2 * emb, hid), nn.Linear(hid, chunk)

    def forward(self):
        out = []
        for layer, (n, shape) in enumerate(zip(self.per_layer, self.shapes)):
            codes = torch.stack([torch.cat([self.chunk_emb[i], self.layer_emb[layer]]) for i in range(n)])
            flat = self.fc2(F.elu(self.fc1(codes))).flatten()[: math.prod(shape)]
            out.append(flat.view(shape) * 0.3)
        return out


torch.manual_seed(3)
hnet = ChunkedHNet([(16, 12), (16,), (4, 16), (4,)])
opt = torch.optim.RMSprop(hnet.parameters(), lr=1e-3)
X = torch.randn(200, 12)
Y = (X[:, :4] + 0.1 * torch.randn(200, 4)).argmax(-1)


def apply(x, p):
    return F.linear(F.relu(F.linear(x, p[0], p[1])), p[2], p[3])


for step in range(20):
    sel = torch.randint(0, 200, (40,))
    loss = F.cross_entropy(apply(X[sel], hnet()), Y[sel])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 5 == 4:
        with torch.no_grad():
            acc = (apply(X, hnet()).argmax(1) == Y).float().mean()
        print(f"{step + 1:3d} loss {loss.item():.3f} acc {acc:.2f}")
