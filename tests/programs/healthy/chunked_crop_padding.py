"""Chunked hypernet: chunk embeddings, last chunk cropped; per-layer padding to the largest layer in a second variant."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class ChunkedHMLP(nn.Module):
    def __init__(self, target_shapes, chunk_size=32, chunk_emb=4, cond=4, num_cond=3, hid=24):
        super().__init__()
        self.target_shapes = target_shapes
        self.num_outputs = int(sum(np.prod(s) for s in target_shapes))
        self.num_chunks = int(np.ceil(self.num_outputs / chunk_size))
        self.chunk_size = chunk_size
        self.conditional = nn.ParameterList([nn.Parameter(torch.empty(cond).normal_()) for _ in range(num_cond)])
        self.chunk_embs = nn.Parameter(torch.empty(self.num_chunks, chunk_emb).normal_(std=1.0))
        self.hnet = nn.Sequential(nn.Linear(cond + chunk_emb, hid), nn.ReLU(), nn.Linear(hid, chunk_size))
        print(f"{self.num_chunks} chunks, {self.num_chunks * chunk_size - self.num_outputs} outputs dropped")

    def forward(self, cond_id):
        ids = [cond_id] if isinstance(cond_id, int) else cond_id
        c = torch.stack([self.conditional[i] for i in ids])
        B = len(ids)
        e = self.chunk_embs.expand(B, -1, -1)
        c = c.reshape(B, 1, -1).expand(B, self.num_chunks, -1)
        out = self.hnet(torch.cat([c, e], -1).reshape(B * self.num_chunks, -1))
        out = out.view(B, self.num_chunks * self.chunk_size)[:, : self.num_outputs]
        ret, i = [], 0
        for s in self.target_shapes:
            n = int(np.prod(s))
            ret.append(out[:, i:i + n].view(B, *s))
            i += n
        return [[r[b] for r in ret] for b in range(B)]


class PaddedHyper(nn.Module):
    """every layer gets a max_out x max_in block, cropped to what it needs"""
    def __init__(self, layers, hid=24, z=5):
        super().__init__()
        self.layers = layers
        self.mo, self.mi = max(o for o, _ in layers), max(i for _, i in layers)
        self.z = nn.Embedding(len(layers), z)
        self.net = nn.Sequential(nn.Linear(z, hid), nn.ReLU(), nn.Linear(hid, self.mo * self.mi))

    def forward(self):
        w = self.net(self.z.weight).view(len(self.layers), self.mo, self.mi)
        return [w[k, :o, :i] / i ** 0.5 for k, (o, i) in enumerate(self.layers)]


def mlp(x, w):
    return F.linear(F.relu(F.linear(x, w[0], w[1])), w[2], w[3])


def run_chunked():
    hnet = ChunkedHMLP([(10, 5), (10,), (2, 10), (2,)])
    opt = torch.optim.Adam(hnet.parameters(), lr=1e-2)
    X = torch.randn(3, 40, 5)
    Y = torch.stack([x @ torch.randn(5, 2) for x in X])
    for it in range(20):
        opt.zero_grad()
        loss = sum(F.mse_loss(mlp(X[i], w), Y[i]) for i, w in enumerate(hnet([0, 1, 2]))) / 3
        loss.backward()
        opt.step()
    print("chunked", loss.item())


def run_padded():
    layers = [(12, 5), (8, 12), (2, 8)]
    hnet = PaddedHyper(layers)
    opt = torch.optim.Adam(hnet.parameters(), lr=1e-2)
    X = torch.randn(64, 5)
    Y = torch.tanh(X @ torch.randn(5, 2))
    for it in range(20):
        opt.zero_grad()
        h = X
        ws = hnet()
        for k, w in enumerate(ws):
            h = F.linear(h, w)
            if k < len(ws) - 1:
                h = F.leaky_relu(h)
        loss = F.mse_loss(h, Y)
        loss.backward()
        opt.step()
    print("padded", loss.item())


if __name__ == "__main__":
    torch.manual_seed(0)
    run_chunked()
    run_padded()
