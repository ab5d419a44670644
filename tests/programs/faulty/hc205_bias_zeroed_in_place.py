"""init_bias() meant for main layers is applied to the generated bias."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def prepare(weight, bias):
    weight = weight / weight.shape[1] ** 0.5
    bias = bias.clone()
    bias.zero_()  # HC205
    return weight, bias


class Hyper(nn.Module):
    def __init__(self, e=5, o=3, i=6):
        super().__init__()
        self.emb = nn.Embedding(4, e)
        self.trunk = nn.Sequential(nn.Linear(e, 16), nn.ReLU())
        self.to_w, self.to_b = nn.Linear(16, o * i), nn.Linear(16, o)
        self.o, self.i = o, i

    def forward(self, t):
        h = self.trunk(self.emb(t))
        return prepare(self.to_w(h).view(self.o, self.i), self.to_b(h))


torch.manual_seed(0)
hyper = Hyper()
opt = torch.optim.Adam(hyper.parameters(), lr=2e-3)
for step in range(16):
    t = torch.tensor(step % 4)
    x = torch.randn(32, 6)
    loss = F.cross_entropy(F.linear(x, *hyper(t)), (x[:, :3] + t * 0.2).argmax(1))
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, f"{loss.item():.4f}")
