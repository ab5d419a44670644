import torch
import torch.nn as nn
import torch.nn.functional as F


class Throwaway(nn.Module):
    """built anew for every generated candidate; tensors are plain attributes"""

    def __init__(self, tensors):
        super().__init__()
        for name, t in tensors.items():
            self.__dict__[name] = t

    def forward(self, x):
        x = F.relu(F.linear(x, self.w0, self.b0))
        return F.linear(x, self.w1, self.b1)


class Generator(nn.Module):
    SHAPES = {"w0": (8, 3), "b0": (8,), "w1": (2, 8), "b1": (2,)}

    def __init__(self, noise=4):
        super().__init__()
        self.noise = noise
        self.body = nn.Sequential(nn.Linear(noise, 20), nn.LeakyReLU(0.1))
        self.heads = nn.ModuleDict({k: nn.Linear(20, torch.Size(s).numel()) for k, s in self.SHAPES.items()})

    def sample(self):
        h = self.body(torch.randn(self.noise))
        out = {}
        for k, s in self.SHAPES.items():
            t = self.heads[k](h).view(s)
            if k.endswith("1"):
                t = t / t.detach().norm().clamp_min(1.0)
            out[k] = t.detach() if k == "w0" else t  # HC104
        return out


torch.manual_seed(95)
g = Generator()
opt = torch.optim.Adam(g.parameters(), lr=1e-3)
x = torch.randn(60, 3)
y = (x.abs().sum(1) > 2.4).long()
for it in range(8):
    nets = [Throwaway(g.sample()) for _ in range(3)]
    loss = torch.stack([F.cross_entropy(n(x), y) for n in nets]).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(it, loss.item())
