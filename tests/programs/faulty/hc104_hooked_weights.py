"""Generated weights are made leaves so that their gradients can be read and clipped in a hook."""
import torch
import torch.nn as nn

torch.manual_seed(30)
sizes = {"w1": (8, 3), "w2": (2, 8)}


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.codes = nn.Embedding(3, 4)
        self.trunk = nn.Sequential(nn.Linear(4, 24), nn.Tanh())
        self.heads = nn.ModuleDict({name: nn.Linear(24, s[0] * s[1]) for name, s in sizes.items()})

    def forward(self, task):
        h = self.trunk(self.codes(task))
        return {name: self.heads[name](h).view(shape) for name, shape in sizes.items()}


def watched(w, seen):
    w = w.detach().requires_grad_()  # HC104
    w.register_hook(lambda g: seen.append(g.norm().item()))
    w.register_hook(lambda g: g.clamp(-1, 1))
    return w


hyper = Hyper()
temperature = nn.Parameter(torch.ones(()))
opt = torch.optim.Adam([*hyper.parameters(), temperature], lr=3e-3)
for step in range(9):
    seen = []
    task = torch.tensor(step % 3)
    w = {name: watched(value, seen) for name, value in hyper(task).items()}
    x = torch.randn(32, 3)
    y = (x.sum(1) * (task - 1) > 0).long()
    logits = torch.relu(x @ w["w1"].T) @ w["w2"].T / temperature
    loss = nn.functional.cross_entropy(logits, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item(), seen)
