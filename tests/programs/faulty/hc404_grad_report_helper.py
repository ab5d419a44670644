"""Code-conditioned linear classifiers, with gradient logging of the code table."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class GradMeter:
    def __init__(self):
        self.rows = []

    def update(self, named):
        total = {}
        for name, p in named:
            if p.grad is None:
                continue
            total[name] = p.grad.norm().item()
            p.grad = None  # HC404
        self.rows.append(total)


class CodeHyper(nn.Module):
    def __init__(self, n=4, d=5):
        super().__init__()
        self.codes = nn.Embedding(n, d)
        self.layers = nn.Sequential(nn.Linear(d, 16), nn.ELU(), nn.Linear(16, 3 * 4))

    def forward(self, i):
        return self.layers(self.codes(i)).view(-1, 3, 4)


torch.manual_seed(34)
hyper = CodeHyper()
opt = torch.optim.SGD(hyper.parameters(), lr=0.1)
meter = GradMeter()
for it in range(8):
    i = torch.randint(0, 4, (20,))
    x = torch.randn(20, 4)
    y = (x[:, :3].argmax(1) + i) % 3
    logits = torch.einsum("boi,bi->bo", hyper(i), x)
    loss = F.cross_entropy(logits, y)
    opt.zero_grad()
    loss.backward()
    meter.update((n, p) for n, p in hyper.named_parameters() if n.startswith("codes"))
    opt.step()
    print(it, loss.item(), meter.rows[-1])
