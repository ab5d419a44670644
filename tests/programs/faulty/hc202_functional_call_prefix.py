"""functional_call where the generated names are flattened with underscores (unknown flat keys are ignored)."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functional_call


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(7, 9)
        self.fc2 = nn.Linear(9, 2)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))


class WithNorm(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.norm = nn.LayerNorm(7)
        self.net = net

    def forward(self, x):
        return self.net(self.norm(x))


class Hyper(nn.Module):
    def __init__(self, target, n_task=3, e=4):
        super().__init__()
        self.e = nn.Embedding(n_task, e)
        self.shapes = {k: v.shape for k, v in target.named_parameters()}
        self.f = nn.Linear(e, sum(s.numel() for s in self.shapes.values()))

    def forward(self, t):
        flat, out, i = self.f(self.e(t)), {}, 0
        for k, s in self.shapes.items():
            out[k.replace(".", "_")] = flat[i:i + s.numel()].view(s)
            i += s.numel()
        return out


torch.manual_seed(0)
backbone = Backbone()
model = WithNorm(backbone)
hyper = Hyper(backbone)
opt = torch.optim.Adam(list(hyper.parameters()) + list(model.parameters()), lr=2e-3)
for step in range(14):
    t = step % 3
    x = torch.randn(20, 7)
    y = (x[:, t] > x[:, t + 1]).long()
    logits = functional_call(model, hyper(torch.tensor(t)), (x,))  # HC202 HC116
    loss = F.cross_entropy(logits, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, f"{loss.item():.3f}")
