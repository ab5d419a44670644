import torch
import torch.nn as nn
from torch.func import functional_call, vmap


class ImplicitPosterior(nn.Module):
    def __init__(self, net, z=5):
        super().__init__()
        self.spec = [(n, p.shape) for n, p in net.named_parameters()]
        self.z = z
        self.g = nn.Sequential(
            nn.Linear(z, 20), nn.ReLU(), nn.Linear(20, sum(s.numel() for _, s in self.spec))
        )

    def forward(self, k):
        flat = self.g(torch.randn(k, self.z))
        parts = flat.split([s.numel() for _, s in self.spec], 1)
        return flat, {n: p.reshape(k, *s) for (n, s), p in zip(self.spec, parts)}


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1)).to("meta")
post = ImplicitPosterior(net)
opt = torch.optim.Adam(post.parameters(), 1e-3)
x = torch.linspace(-2, 2, 30).view(-1, 1)
y = x**3 / 4 + 0.1 * torch.randn_like(x)
for step in range(10):
    flat, params = post(6)
    preds = vmap(lambda p: functional_call(net, p, (x,)))(params)
    nll = ((preds - y) ** 2).mean() / 0.02
    d = torch.cdist(flat, flat + 1e-6 * torch.randn_like(flat)) + torch.eye(6) * 1e3
    entropy = d.min(1).values.clamp_min(1e-6).log().mean()
    loss = nll - 1e-2 * entropy + 1e-3 * flat.pow(2).sum(1).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
