"""torch.func training: grad() differentiates its first argument only; the hypernet's part keeps .grad None."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functional_call, grad_and_value


class Hyper(nn.Module):
    def __init__(self, e=4):
        super().__init__()
        self.task = nn.Embedding(3, e)
        self.film = nn.Linear(e, 2 * 12)

    def forward(self, t):
        g, b = self.film(self.task(t)).chunk(2, -1)
        return 1 + g, b


class Main(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(6, 12), nn.Linear(12, 2)

    def forward(self, x, g, b):
        return self.fc2(torch.relu(self.fc1(x) * g + b))


torch.manual_seed(0)
hyper, main = Hyper(), Main()
main_p, hyper_p = dict(main.named_parameters()), dict(hyper.named_parameters())
opt = torch.optim.Adam([*main_p.values(), *hyper_p.values()], lr=2e-3)


def loss_fn(mp, hp, t, x, y):
    g, b = functional_call(hyper, hp, (t,))
    return F.cross_entropy(functional_call(main, mp, (x, g, b)), y)


step_fn = grad_and_value(loss_fn)  # HC401
for step in range(12):
    t = step % 3
    x = torch.randn(24, 6)
    y = (x[:, t] > 0).long()
    grads, value = step_fn(main_p, hyper_p, torch.tensor(t), x, y)  # HC401
    for n, g in grads.items():
        main_p[n].grad = g
    opt.step()
    print(step, f"{value.item():.4f}")
