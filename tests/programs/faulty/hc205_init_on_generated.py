"""HyperMLP whose generated tensors are drawn into a sane range."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Hyper(nn.Module):
    def __init__(self, z, shapes):
        super().__init__()
        self.z = nn.Parameter(torch.randn(z))
        self.fc = nn.Linear(z, 16)
        self.outs = nn.ModuleList(nn.Linear(16, torch.Size(s).numel()) for s in shapes)
        self.shapes = shapes

    def forward(self):
        h = F.relu(self.fc(self.z))
        ws = [o(h).view(s) for o, s in zip(self.outs, self.shapes)]
        for w in ws:
            if w.dim() > 1:
                nn.init.xavier_uniform_(w)  # HC205
        return ws


torch.manual_seed(0)
hyper = Hyper(4, [(8, 5), (8,), (2, 8), (2,)])
opt = torch.optim.Adam(hyper.parameters(), lr=1e-2)
for i in range(8):
    w1, b1, w2, b2 = hyper()
    x = torch.randn(32, 5)
    y = (x[:, 0] > 0).long()
    loss = F.cross_entropy(F.linear(F.relu(F.linear(x, w1, b1)), w2, b2), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("iter", i, "loss", loss.item())
