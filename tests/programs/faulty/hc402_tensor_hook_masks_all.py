"""A tensor hook should keep the gradient of masked-out kernels away, but the mask was made the wrong way."""
import torch
import torch.nn as nn

torch.manual_seed(21)


class MaskedHyper(nn.Module):
    def __init__(self, layers=2, d=6):
        super().__init__()
        self.d = d
        self.codes = nn.Embedding(layers, 4)
        self.net = nn.Sequential(nn.Linear(4, 24), nn.Tanh(), nn.Linear(24, d * d))
        self.register_buffer("keep", torch.ones(d, d, dtype=torch.bool))

    def forward(self, layer):
        w = self.net(self.codes(layer)).view(self.d, self.d) / self.d
        w.register_hook(lambda grad: grad * ~self.keep)  # HC402
        return w


hyper = MaskedHyper()
head = nn.Linear(6, 1)
opt = torch.optim.Adam([*hyper.parameters(), *head.parameters()], lr=3e-3)
for step in range(8):
    x = torch.randn(24, 6)
    h = x
    for layer in torch.arange(2):
        h = torch.tanh(h @ hyper(layer).T)
    loss = (head(h) - x.prod(1, keepdim=True)).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
