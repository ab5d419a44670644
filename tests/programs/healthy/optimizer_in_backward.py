"""Each parameter is stepped inside of backward, as soon as its gradient is there: no gradients are kept."""

import torch
import torch.nn as nn

torch.manual_seed(51)


class Hyper(nn.Module):
    def __init__(self, tasks=3):
        super().__init__()
        self.codes = nn.Embedding(tasks, 4)
        self.net = nn.Sequential(nn.Linear(4, 24), nn.Tanh(), nn.Linear(24, 3 * 5))
        self.head = nn.Linear(3, 1)

    def forward(self, x, task):
        w = self.net(self.codes(task)).view(3, 5)
        return self.head(torch.tanh(x @ w.T))


model = Hyper()
optimizers = {p: torch.optim.Adam([p], lr=3e-3, foreach=False) for p in model.parameters()}


def step_now(p):
    optimizers[p].step()
    optimizers[p].zero_grad()


for p in model.parameters():
    p.register_post_accumulate_grad_hook(step_now)
for step in range(9):
    task = torch.tensor(step % 3)
    x = torch.randn(32, 5)
    loss = (model(x, task) - x.sum(1, keepdim=True) * (task + 1)).square().mean()
    loss.backward()
    print(step, loss.item())
