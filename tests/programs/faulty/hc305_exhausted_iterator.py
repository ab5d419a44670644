import torch
import torch.nn as nn
import torch.nn.functional as F


class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.hyper = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 6 * 4))
        self.readout = nn.Linear(6, 2)

    def forward(self, x, c):
        w = self.hyper(c).view(-1, 6, 4)
        return self.readout(torch.einsum("boi,bi->bo", w, x).tanh())


def count(params):
    return sum(p.numel() for p in params)


torch.manual_seed(0)
m = M()
hyper_params = m.hyper.parameters()
print("hyper parameters:", count(hyper_params))
opt = torch.optim.Adam([{"params": m.readout.parameters()}, {"params": hyper_params, "lr": 3e-4}], lr=1e-3)  # HC305 HC304
for _ in range(8):
    x, c = torch.randn(16, 4), torch.randn(16, 3)
    loss = F.cross_entropy(m(x, c), ((x[:, :3] * c).sum(1) > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
