import math
import torch, torch.nn as nn, torch.nn.functional as F

torch.manual_seed(1)
SHAPES = {"w0": (8, 2), "b0": (8,), "w1": (1, 8), "b1": (1,)}


class Generator(nn.Module):
    """noise/latent -> dictionary of tensors"""

    def __init__(self, latent=6):
        super().__init__()
        self.latent = nn.Parameter(torch.randn(1, latent))
        self.body = nn.Sequential(nn.Linear(latent, 16), nn.SiLU())
        self.out = nn.ModuleDict({k: nn.Linear(16, math.prod(s)) for k, s in SHAPES.items()})

    def forward(self):
        h = self.body(self.latent)
        return nn.ParameterDict({k: head(h).reshape(SHAPES[k]) for k, head in self.out.items()})  # HC101


def mlp(x, p):
    return F.linear(torch.tanh(F.linear(x, p["w0"], p["b0"])), p["w1"], p["b1"])


gen = Generator()
opt = torch.optim.AdamW(gen.parameters(), lr=3e-3, weight_decay=0.0)
xs = torch.rand(64, 2)
ys = (xs[:, :1] * xs[:, 1:])
for epoch in range(10):
    params = gen()
    loss = F.mse_loss(mlp(xs, params), ys)
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()
    if epoch % 3 == 0:
        print("epoch", epoch, "mse", float(loss.detach()))
