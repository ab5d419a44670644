"""Full hypernetwork for an MNIST-like MLP; weights cut from one flat vector."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(1)


class TargetSpec:
    def __init__(self, sizes):
        self.shapes = []
        for a, b in zip(sizes[:-1], sizes[1:]):
            self.shapes += [("w", (b, a)), ("b", (b,))]

    @property
    def numel(self):
        return sum(torch.Size(s).numel() for _, s in self.shapes)

    def unpack(self, flat):
        params, ofs = [], 0
        for kind, shape in self.shapes:
            n = torch.Size(shape).numel()
            piece = flat[ofs:ofs + n]  # HC201 HC203
            if kind == "w":
                out_f, in_f = shape
                piece = piece.view(out_f, in_f)
            params.append(piece)
            ofs += shape[0] if kind == "w" else n  # HC201 HC203
        return params


class HyperNetwork(nn.Module):
    def __init__(self, spec, z_dim=8, hidden=32):
        super().__init__()
        self.spec = spec
        self.z = nn.Parameter(torch.randn(z_dim))
        self.net = nn.Sequential(nn.Linear(z_dim, hidden), nn.ReLU(), nn.Linear(hidden, spec.numel))

    def forward(self):
        return self.spec.unpack(self.net(self.z) * 0.1)


def target_forward(x, params):
    x = x.flatten(1)
    for i in range(0, len(params), 2):
        x = F.linear(x, params[i], params[i + 1])
        if i + 2 < len(params):
            x = F.relu(x)
    return F.log_softmax(x, dim=1)


images = torch.rand(240, 1, 8, 8)
labels = (images[:, 0, :4].mean((1, 2)) > images[:, 0, 4:].mean((1, 2))).long()
loader = DataLoader(TensorDataset(images, labels), batch_size=24, shuffle=True)
hnet = HyperNetwork(TargetSpec([64, 12, 2]))
optimizer = torch.optim.Adam(hnet.parameters(), lr=1e-3)
for epoch in range(2):
    hnet.train()
    total = 0.0
    for data, target in loader:
        optimizer.zero_grad()
        loss = F.nll_loss(target_forward(data, hnet()), target)
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch}: {total / len(loader):.4f}")
